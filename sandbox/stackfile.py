"""The repository's own stack files, as the CLI would hand them to the program."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config

import catalog
from yamlfile import NotYaml, read_yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = catalog.PROJECT
STACKS = ("staging", "production")

_VARIABLES = ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS")


class StackFileError(Exception):
    """The stack file is missing or is not one; the message says which."""


@dataclass(frozen=True)
class StackConfig:
    """Configuration of a stack as text, and which keys are secret."""

    stack: str
    values: Mapping[str, str] = field(repr=False)
    secret_keys: frozenset[str]

    def with_values(self, values: Mapping[str, str], *, secret: bool = False) -> "StackConfig":
        """The same with some keys set, in the program's namespace unless they name one."""
        full = {_full(key): value for key, value in values.items()}
        return StackConfig(
            self.stack,
            {**self.values, **full},
            (self.secret_keys | set(full)) if secret else (self.secret_keys - set(full)),
        )

    def without(self, *keys: str) -> "StackConfig":
        """The same with some keys not set."""
        gone = {_full(key) for key in keys}
        return StackConfig(
            self.stack,
            {key: value for key, value in self.values.items() if key not in gone},
            self.secret_keys - gone,
        )

    def get(self, key: str) -> str | None:
        return self.values.get(_full(key))

    def secret_values(self) -> list[str]:
        """What must never be printed."""
        return [self.values[key] for key in self.secret_keys if self.values.get(key)]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Hand the configuration to programs that run inside; the old one comes back."""
        saved = {name: os.environ.get(name) for name in _VARIABLES}
        saved_config = runtime_config.CONFIG.get()
        os.environ["PULUMI_CONFIG"] = json.dumps(dict(self.values))
        os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(sorted(self.secret_keys))
        pulumi.runtime.set_all_config(dict(self.values), sorted(self.secret_keys))
        try:
            yield
        finally:
            pulumi.runtime.set_all_config(saved_config, [])
            for name, value in saved.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def load_stack_file(stack: str, *, root: Path = ROOT) -> StackConfig:
    """Read `Pulumi.<stack>.yaml`.

    A secret cannot be decrypted here: a random stand-in takes its place, a secret too.

    Raises StackFileError when the file is missing or holds something else.
    """
    path = root / f"Pulumi.{stack}.yaml"
    try:
        content = read_yaml(path)
    except FileNotFoundError as error:
        raise StackFileError(f"There is no stack file {path.name} in {root}.") from error
    except NotYaml as error:
        raise StackFileError(str(error)) from error
    entries = content.get("config") if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        raise StackFileError(f"{path.name} has no `config:` map.")
    secret = frozenset(key for key, value in entries.items() if _is_secret(value))
    return StackConfig(
        stack,
        {
            key: secrets.token_urlsafe(24) if key in secret else _text(value)
            for key, value in entries.items()
        },
        secret,
    )


def _full(key: str) -> str:
    return key if ":" in key else f"{PROJECT}:{key}"


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
