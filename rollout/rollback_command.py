"""The `rollback` command: all traffic back to Python, by boto3 alone.

Exit codes: 0 every dual rule is a plain forward to Python, and nothing else sends requests to
Rust (with --dry-run: it can be done), 1 not so, 2 bad usage or the account of another stack,
3 no account to talk to, 130 interrupted.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from rollout.starting import INTERRUPTED, starting

with starting("Nothing was changed. Interrupted."):
    import typer
    from botocore.exceptions import BotoCoreError, ClientError

    from rollout.live import connect
    from rollout.rollback import (
        PERMISSIONS,
        WATCH_SECONDS,
        NothingFound,
        Outcome,
        Rollback,
        WrongStack,
    )

DONE, FAILED, BAD_INPUT, UNREACHABLE = 0, 1, 2, 3

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def policy() -> str:
    """The IAM policy of who may roll back, as JSON."""
    actions = [f"elasticloadbalancing:{action}" for action in PERMISSIONS]
    rules = "arn:aws:elasticloadbalancing:*:*:listener-rule/app/*"
    statements = [
        {
            "Effect": "Allow",
            "Action": [one for one in actions if (":Describe" in one) is reads],
            "Resource": "*" if reads else rules,  # no Describe call can be narrowed
        }
        for reads in (True, False)
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def known_stack(stack: str) -> str:
    """Refuse what has no stack file, where there are stack files."""
    files = Path(__file__).resolve().parents[1].glob("Pulumi.*.yaml")
    known = sorted(file.name.split(".")[1] for file in files)
    if known and stack not in known:
        raise typer.BadParameter(f"{stack} is not one of {', '.join(known)}")
    return stack


def _print_policy(wanted: bool) -> None:
    if wanted:
        print(policy())
        for action, reason in PERMISSIONS.items():
            _say(f"{action}: {reason}")
        raise typer.Exit


@app.command()
def rollback(
    stack: Annotated[str, typer.Option(help="Stack to roll back.", callback=known_stack)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")
    ] = False,
    testers: Annotated[
        bool, typer.Option("--testers", help="Send testers back to Python too.")
    ] = False,
    watch: Annotated[
        float,
        typer.Option(
            min=0, help="Seconds to keep the rules when something else changes them meanwhile."
        ),
    ] = WATCH_SECONDS,
    region: Annotated[str, typer.Option(envvar="AWS_REGION", help="Region.")] = "us-west-2",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    _policy: Annotated[
        bool,
        typer.Option(
            "--policy", is_eager=True, callback=_print_policy, help="Print the IAM policy it needs."
        ),
    ] = False,
) -> None:
    """Send all traffic back to Python now, without Pulumi; safe at any time, and twice."""
    try:
        work = Rollback(connect(region), stack, testers=testers, watch_seconds=watch, say=_say)
        work.find()
    except WrongStack as error:
        raise _nothing_changed(error, BAD_INPUT) from error
    except (NothingFound, BotoCoreError, ClientError, ValueError) as error:
        raise _nothing_changed(error, UNREACHABLE) from error
    except KeyboardInterrupt:
        raise _nothing_changed("Interrupted.", INTERRUPTED) from None
    try:
        if not dry_run:
            work.restore()
            work.mark()
        code = _verdict(work, dry_run=dry_run)
    except KeyboardInterrupt:
        work.close()
        _say("Interrupted. Run it again: the rules may lack their mark. So far:")
        code = INTERRUPTED
    if as_json:
        print(json.dumps(_as_json(work, stack, testers=testers), indent=2))
    else:
        _print(work, dry_run=dry_run)
        if not dry_run:
            print("\n  ".join(["Later, so that Pulumi agrees:", *_later(stack, testers=testers)]))
    raise typer.Exit(code)


def main() -> None:
    """Entry point of the command."""
    app()


def _verdict(work: Rollback, *, dry_run: bool) -> int:
    is_done = (
        all(one.problem is None and (one.plain or dry_run) for one in work.outcomes())
        and not work.strays()
    )
    return DONE if is_done else FAILED


def _later(stack: str, *, testers: bool) -> list[str]:
    keys = ["rustPercentageByEndpoint", *(["testerHeaderValue"] if testers else [])]
    return [
        f"pulumi config set rustPercentage 0 --stack {stack}",
        *(f"pulumi config rm {key} --stack {stack}" for key in keys),
        f"pulumi up --refresh --stack {stack}",
    ]


def _as_json(work: Rollback, stack: str, *, testers: bool) -> dict[str, Any]:
    return {
        "stack": stack,
        "rules": [asdict(one) for one in work.outcomes()],
        "othersToRust": work.strays(),
        "seconds": work.seconds,
        "calls": len(work.sent),
        "later": _later(stack, testers=testers),
    }


def _print(work: Rollback, *, dry_run: bool) -> None:
    outcomes = work.outcomes()
    rows = [_row(one, dry_run=dry_run) for one in outcomes]
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 costs time where nobody sees it
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table("rule", "was", "is", "", highlight=False)
        for row in rows:
            table.add_row(*map(Text, row))
        Console().print(table)
    else:
        for rule, was, now, remark in rows:
            print(f"{rule}: was {was}; is {now}; {remark}")
    for stray in work.strays():
        print(f"STILL TO RUST, not a rule of this program: {stray}")
    plain = sum(one.plain for one in outcomes)
    time = "" if work.seconds is None else f" after {work.seconds:.2f} s"
    print(f"{plain} of {len(outcomes)} rules are plain Python{time}, {len(work.sent)} API calls.")


def _row(one: Outcome, *, dry_run: bool) -> tuple[str, str, str, str]:
    if one.problem:
        remark = f"NOT DONE: {one.problem}"
    elif one.plain:
        remark = "rolled back" if one.changed else "was plain Python already"
    else:
        remark = f"would become {one.wanted}" if dry_run else "NOT DONE"
    if one.priority not in (None, one.expected_priority):
        remark += f" (at priority {one.priority}, not {one.expected_priority})"
    return f"{one.listener} {one.expected_priority} {one.rule}", one.was, one.now, remark


def _nothing_changed(error: Exception | str, code: int) -> typer.Exit:
    _say(f"Nothing was changed. {error}")
    return typer.Exit(code)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
