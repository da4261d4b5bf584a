"""The `takeover` command: the commands of a takeover, from a state export.

Exit codes: 0 the commands are printed, 2 the export is not what the inventory says, or bad
usage; 130 interrupted.
"""

from typing import Annotated

from rollout.starting import starting

with starting("Interrupted."):
    import typer

    from takeover.commands import write_commands
    from takeover.export import NotTakenOver, read_export
    from takeover.inventory import existing

BAD_INPUT = 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def takeover(
    export: Annotated[
        typer.FileBinaryRead, typer.Argument(help="File of `pulumi stack export`; - for stdin.")
    ],
    organization: Annotated[
        str, typer.Option(help="Organization of both stacks; a file backend has this one.")
    ] = "organization",
    leave: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Stays with the TypeScript stack; repeatable."),
    ] = None,
) -> None:
    """Print the commands that bring today's resources into this program, in their order.

    Reads the export, changes nothing and calls nobody.
    """
    try:
        source = read_export(export.read(), existing(), leave or [])
    except NotTakenOver as error:
        typer.echo("Nothing is taken over, and nothing was changed:", err=True)
        for problem in error.problems:
            typer.echo(f"  {problem}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    typer.echo(write_commands(source, existing(), organization))


def main() -> None:
    """Entry point of the command."""
    app()
