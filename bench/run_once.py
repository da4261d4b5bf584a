"""One run under mocks in a process of its own: `run_once program|FILE CONFIG_JSON`.

Prints the seconds each phase took as JSON; time and memory of the whole process are the
caller's to measure.
"""

import json
import sys
import time

_begun = time.perf_counter()


def main(what: str, config: str) -> None:
    """Run the program, or a bare script, and say where the time went."""
    from tests.support import recorder

    sdk = time.perf_counter()
    if what == "program":
        import catalog
        import monitoring.declare
        import scorer.declare
        import settings

        imported = time.perf_counter()
        recorder.run_program(json.loads(config))
    else:
        imported = sdk
        recorder.run_program(json.loads(config), script=what)
    done = time.perf_counter()
    print(
        json.dumps(
            {"SDK import": sdk - _begun, "own imports": imported - sdk, "run": done - imported}
        )
    )


main(*sys.argv[1:])
