"""The command that lets people use the Pulumi CLI on a stack by hand."""

import shlex

import typer

from sandbox.account.client import Account
from sandbox.commands import common
from sandbox.commands.common import DEFAULT_URL, StackOption, UrlOption, errors, explained
from sandbox.engine.choice import open_project
from sandbox.stackfile import load_stack_file

_NOWHERE = "file:///the-sandbox-is-not-running"
_UNSET = ("PULUMI_CONFIG_PASSPHRASE",)
"""What would outrank a variable that is printed."""


def env(stack: StackOption, url: UrlOption = DEFAULT_URL) -> None:
    """Print what the Pulumi CLI needs: eval "$(sandbox env --stack staging)"."""
    try:
        with explained():
            account = Account.connect(url, stack)
            project = open_project(account, load_stack_file(stack), common.state_folder())
    except typer.Exit:
        # eval of nothing succeeds, and the next pulumi up would be one on the real stack.
        print(f"export PULUMI_BACKEND_URL={_NOWHERE}; false")
        raise
    print(f"unset {' '.join(_UNSET)}")
    for name, value in sorted({**project.variables, "SANDBOX_URL": url}.items()):
        print(f"export {name}={shlex.quote(value)}")
    errors.print(
        f"In a shell that has these variables, pulumi works on {stack} in the account at {url}:\n"
        "  pulumi preview --policy-pack policy\n"
        "  pulumi config set rustPercentage 10\n"
        "  pulumi up\n"
        "  pulumi refresh\n"
        "  pulumi destroy\n"
        f"Its configuration is {project.configuration}.\n"
        "A new shell is back to normal.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
