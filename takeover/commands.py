"""The commands of a takeover, as a script to read and to copy from."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

import catalog
from takeover.export import Source
from takeover.inventory import MOVED_PRIORITIES, Existing, adopted

PROJECT: Final = catalog.PROJECT


def write_commands(source: Source, existing: Sequence[Existing], organization: str) -> str:
    """The whole takeover in order, comments between the commands."""
    old = f"{organization}/{source.project}/{source.stack}"
    new = f"{organization}/{PROJECT}/{source.stack}"
    steps = [
        _freeze(source),
        _move(source, old, new),
        _adopt(source.stack),
        _update(source.stack, existing),
        _clean_up(source.stack),
        _way_back(source, old, new),
    ]
    return "\n\n".join("\n".join(lines) for lines in steps)


def _freeze(source: Source) -> Iterator[str]:
    yield f"# Takeover of {source.project}/{source.stack}: {len(source.kept)} resources are kept,"
    yield f"# {len(source.goes)} rules go with them. From docs/migration.md."
    if source.left:
        yield f"# Left where they are: {', '.join(sorted(source.left))}."
    yield ""
    yield "# 1. Freeze the pipeline of the TypeScript program until step 6. From the next command"
    yield f"#    on its preview wants to create {len(source.kept) + len(source.goes)} resources."


def _move(source: Source, old: str, new: str) -> Iterator[str]:
    yield "# 2. Move the state. Nothing changes in AWS. The URNs are the export's; listed again:"
    yield f"pulumi stack --show-urns --stack {old}"
    yield f"pulumi stack init {new}"
    yield from _state_move(old, new, [*source.kept, *source.goes])
    yield "#    Then delete the code of the moved resources from the TypeScript program. Its"
    yield "#    preview must show the attachments of role policies as the only deletes. Do not run"
    yield "#    it: the functions use them until step 5."


def _adopt(stack: str) -> Iterator[str]:
    yield "# 3. Adopt the log groups that Lambda made. Leave out what this does not list:"
    yield "aws logs describe-log-groups --log-group-name-prefix /aws/lambda/ --output text"
    for name, id_ in adopted().items():
        key = shlex.quote(f'adopt["{name}"]')
        yield f"pulumi config set --plaintext --path {key} {id_} --stack {stack}"


def _update(stack: str, existing: Sequence[Existing]) -> Iterator[str]:
    kept = {want.name for want in existing if not want.goes}
    goes = sorted(want.name for want in existing if want.goes)
    created = [
        name
        for name in catalog.logical_names(with_tester_rules=False)
        if name not in kept | adopted().keys()
    ]
    now = {endpoint.rule: endpoint.priority for endpoint in catalog.ENDPOINTS}
    yield "# 4. Look before the first update, which must be at 0 %."
    yield f"pulumi config set rustPercentage 0 --stack {stack}"
    yield f"pulumi preview --diff --stack {stack}"
    yield f"#    {len(kept)} kept: none of them replaced or deleted, many updated in place"
    yield f"#    {len(adopted())} imported: the log groups"
    yield f"#    {len(created)} created: role policies, alarms, the dashboard, the table"
    yield f"#    {len(goes)} deleted, or updated where testerHeaderValue is set: {', '.join(goes)}"
    for rule, before in MOVED_PRIORITIES.items():
        yield f"#    priority {before} -> {now[rule]}: {rule}"
    yield ""
    yield "# 5. Update. Afterwards a second preview shows no changes."
    yield f"pulumi up --stack {stack}"
    yield f"pulumi preview --expect-no-changes --stack {stack}"


def _clean_up(stack: str) -> Iterator[str]:
    yield "# 6. Clean up, run the TypeScript update of step 2, and give its pipeline free."
    yield f"pulumi config rm adopt --stack {stack}"


def _way_back(source: Source, old: str, new: str) -> Iterator[str]:
    yield "# The way back, before step 5 alone: the URNs have the new project's name by then."
    here, there = f"::{source.project}::", f"::{PROJECT}::"
    urns = [urn.replace(here, there, 1) for urn in (*source.kept, *source.goes)]
    yield from _state_move(new, old, urns)


def _state_move(source: str, destination: str, urns: Sequence[str]) -> Iterator[str]:
    yield f"pulumi state move --source {source} --dest {destination} \\"
    *most, last = urns
    for urn in most:
        yield f"  {shlex.quote(urn)} \\"
    yield f"  {shlex.quote(last)}"
