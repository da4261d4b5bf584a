"""One run under mocks in a process of its own: `run_once program|FILE CONFIG_JSON`.

Prints the seconds each phase took as JSON; time and memory of the whole process are the
caller's to measure.
"""

import json
import sys
import time
from pathlib import Path

_begun = time.perf_counter()


def _peak_mib() -> float:
    """Linux's own mark: the usage a parent is told of includes the parent before the exec."""
    (line,) = [
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return int(line.split()[1]) / 1024


def main(what: str, config: str) -> None:
    """Run the program, or a bare script, and say where the time went."""
    import recording

    sdk = time.perf_counter()
    if what == "program":
        import catalog
        import monitoring.declare
        import scorer.declare
        import settings

        imported = time.perf_counter()
        recording.run_program(json.loads(config))
    else:
        imported = sdk
        recording.run_program(json.loads(config), script=what)
    done = time.perf_counter()
    print(
        json.dumps(
            {
                "peak MiB": _peak_mib(),
                "SDK import": sdk - _begun,
                "own imports": imported - sdk,
                "run": done - imported,
            }
        )
    )


main(*sys.argv[1:])
