"""A real browser, driven through the WebDriver protocol on loopback."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
MISSING = "" if CHROMIUM and DRIVER else "chromium and chromedriver are not installed"
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
HANG_S = 600
"""A browser that takes longer hangs, also on a slow machine with busy cores."""


@dataclass
class Browser:
    """One window."""

    url: str
    http: urllib3.PoolManager

    def open(self, path: Path, *, width: int, scheme: str, height: int = 900) -> None:
        """Load a file in a window of this width; `scheme` is light or dark."""
        self._emulate(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        preferred = {"name": "prefers-color-scheme", "value": scheme}
        self._emulate("Emulation.setEmulatedMedia", {"features": [preferred]})
        self._post("url", {"url": path.as_uri()})

    def run(self, script: str) -> Any:
        """What the body of a function returns in the page."""
        return self._post("execute/sync", {"script": script, "args": []})

    def messages(self) -> list[str]:
        """What was written to the console since the last call."""
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"})]

    def _emulate(self, command: str, parameters: dict[str, Any]) -> None:
        self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def _post(self, what: str, body: dict[str, Any]) -> Any:
        return post(self.http, f"{self.url}/{what}", body)


def post(http: urllib3.PoolManager, url: str, body: dict[str, Any]) -> Any:
    answer = http.request("POST", url, json=body, timeout=HANG_S).json()["value"]
    if isinstance(answer, dict) and "error" in answer:
        raise RuntimeError(answer["message"])
    return answer


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser whose profile is in this folder."""
    assert DRIVER
    options = {
        "binary": CHROMIUM,
        "args": [*QUIET, f"--user-data-dir={folder}"],
    }
    wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    driver = subprocess.Popen(
        [DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with driver, urllib3.PoolManager() as http:
        try:
            url = f"http://127.0.0.1:{_port(driver)}/session"
            session = post(http, url, {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            try:
                yield Browser(f"{url}/{session}", http)
            finally:
                http.request("DELETE", f"{url}/{session}", timeout=HANG_S)
        finally:
            driver.terminate()


def _port(driver: subprocess.Popen[str]) -> str:
    assert driver.stdout
    for line in driver.stdout:
        if found := re.search(r"started successfully on port (\d+)", line):
            return found[1]
    raise RuntimeError("chromedriver ended before it listened")
