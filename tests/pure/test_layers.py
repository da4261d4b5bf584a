"""Which module may know which, read from the source."""

import ast
import graphlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from routing import limits

ROOT = Path(__file__).parents[2]
PACKAGES = ("routing", "lambdas", "scorer", "embed", "rust_scorer", "monitoring")


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _sources(*packages: str) -> dict[str, Path]:
    return {_module(path): path for name in packages for path in (ROOT / name).rglob("*.py")}


SOURCES = {_module(path): path for path in ROOT.glob("*.py")} | _sources(*PACKAGES)
RECORDING = _sources("recording")
BESIDE = RECORDING | _sources("policy", "bench", "sandbox", "rollout", "pages")
DATA_AND_RULES = [
    "routing",
    "routing.model",
    "routing.shares",
    "routing.limits",
    "routing.checks",
    "routing.matching",
    "lambdas",
    "lambdas.model",
    "lambdas.environment",
    "endpoint",
    "scorer",
    "scorer.endpoints",
    "embed",
    "embed.endpoints",
    "rust_scorer",
    "rust_scorer.names",
    "monitoring",
    "monitoring.alarms",
    "catalog",
]


@cache
def tree(module: str) -> ast.Module:
    path = (SOURCES | BESIDE)[module]
    return ast.parse(path.read_text(), str(path))


def imported(module: str) -> set[str]:
    """Every module that this one imports, at the top or anywhere else."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            base = node.module or ""
            deeper = {f"{base}.{alias.name}" for alias in node.names} & set(SOURCES)
            found.update(deeper or {base})
    return found


def packages(module: str) -> set[str]:
    return {name.split(".", maxsplit=1)[0] for name in imported(module)}


def members(package: str) -> list[str]:
    return [name for name in SOURCES if name == package or name.startswith(f"{package}.")]


def test_the_program_is_where_these_tests_look() -> None:
    assert {"__main__", "settings", "foundation", "catalog", "endpoint", *PACKAGES} <= set(SOURCES)
    assert set(DATA_AND_RULES) <= set(SOURCES)


def test_data_and_rules_are_read_without_pulumi() -> None:
    script = f"""
import importlib, json, sys
loads = {{}}
for name in {DATA_AND_RULES!r}:
    importlib.import_module(name)
    loads[name] = sorted({{m.split(".")[0] for m in sys.modules}} & {{"pulumi", "pulumi_aws"}})
json.dump(loads, sys.stdout)
"""
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert {name for name, loaded in json.loads(answer.stdout).items() if loaded} == set()


def test_the_four_functions_are_offered_by_routing_itself() -> None:
    import routing  # noqa: PLC0415 others must not be slowed down by it

    assert {
        "build_lambda_function",
        "create_lambda_target_group",
        "create_listener_rule",
        "create_weighted_listener_rule",
        "choose_forward",
        "is_rust_enabled",
        "Host",
        "Path",
        "Methods",
        "Header",
    } <= set(routing.__all__)
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = routing.no_such_thing


@pytest.mark.parametrize("module", members("routing"))
def test_routing_knows_no_endpoint(module: str) -> None:
    ours = packages(module) & {name.split(".", maxsplit=1)[0] for name in SOURCES}

    assert ours <= {"routing"}


@pytest.mark.parametrize("module", members("routing"))
def test_only_the_four_functions_know_pulumi_within_routing(module: str) -> None:
    expected = {"pulumi", "pulumi_aws"} if module == "routing.resources" else set()

    assert packages(module) & {"pulumi", "pulumi_aws"} == expected


@pytest.mark.parametrize("module", [*members("scorer"), *members("embed"), *members("rust_scorer")])
def test_endpoint_modules_know_no_limits_and_not_each_other(module: str) -> None:
    own = module.split(".", maxsplit=1)[0]

    assert "routing.limits" not in imported(module)
    assert packages(module) & {"scorer", "embed", "rust_scorer"} <= {own}


def test_imports_point_one_way() -> None:
    graph = {module: (imported(module) & set(SOURCES)) - {module} for module in SOURCES}
    # A package's face may load its own parts late; nothing else may be circular.
    graph["routing"] = {name for name in graph["routing"] if name != "routing.resources"}

    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", SOURCES)
def test_the_program_knows_nothing_that_is_built_on_it(module: str) -> None:
    assert not packages(module) & {
        "sandbox",
        "rollout",
        "policy",
        "recording",
        "tests",
        "bench",
        "moto",
        "boto3",
    }


HEART = ("settings", "journal", "gates", "plan", "decide")


@pytest.mark.parametrize("module", HEART)
def test_the_decisions_of_a_rollout_know_no_clock_no_aws_and_no_pulumi(module: str) -> None:
    ours = {name for name in imported(f"rollout.{module}") if name.startswith("rollout")}

    assert ours <= {f"rollout.{one}" for one in HEART}
    assert not packages(f"rollout.{module}") & {"time", "boto3", "botocore", "pulumi", "sandbox"}


@pytest.mark.parametrize("module", _sources("rollout", "pages"))
def test_a_rollout_knows_no_sandbox_and_a_page_nothing_that_it_shows(module: str) -> None:
    assert "sandbox" not in packages(module)
    if module.startswith("pages"):
        assert not packages(module) & {"rollout", "catalog", "endpoint", "routing", "policy"}


@pytest.mark.parametrize("module", RECORDING)
def test_the_recording_monitor_knows_pulumi_and_nothing_of_this_repository(module: str) -> None:
    ours = packages(module) - sys.stdlib_module_names

    assert ours <= {"pulumi", "recording"}


def test_nothing_is_built_on_the_tests() -> None:
    assert {"recording.monitor", "policy.check", "bench.bare", "sandbox.cli"} <= set(BESIDE)
    assert [module for module in BESIDE if "tests" in packages(module)] == []


def test_only_the_wiring_runs_anything() -> None:
    assert not [module for module in SOURCES if "__main__" in imported(module)]


@pytest.mark.parametrize("module", SOURCES)
def test_nothing_is_left_to_somebody_else(module: str) -> None:
    names = {
        node.arg if isinstance(node, ast.keyword) else node.id
        for node in ast.walk(tree(module))
        if isinstance(node, ast.keyword | ast.Name)
    }

    # Code that a function keeps, and all but traffic while traffic moves.
    allowed = {"ignore_changes"} if module in {"routing.resources", "traffic"} else set()
    forbidden = {"ignore_changes", "retain_on_delete", "delete_before_replace", "parent"}
    assert not names & (forbidden - allowed)


DECLARES = re.compile(r"^(lb|lambda_|cloudwatch|dynamodb|iam|ec2|aws|pulumi_aws)\.[A-Z]\w*$")
NO_RESOURCE = re.compile(r"Args$")


def calls(node: ast.AST) -> Iterator[str]:
    return (ast.unparse(one.func) for one in ast.walk(node) if isinstance(one, ast.Call))


def applied(module: str) -> Iterator[ast.AST]:
    """What is run by `apply`: lambdas, and functions of the module by name."""
    functions = {
        node.name: node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)
    }
    for node in ast.walk(tree(module)):
        match node:
            case ast.Call(func=ast.Attribute(attr="apply")):
                for argument in node.args:
                    yield argument
                    for name in ast.walk(argument):
                        if isinstance(name, ast.Name) and name.id in functions:
                            yield functions[name.id]


@pytest.mark.parametrize("module", SOURCES)
def test_no_resource_depends_on_a_value_that_a_preview_does_not_know(module: str) -> None:
    for node in applied(module):
        made = [
            name
            for name in calls(node)
            if (DECLARES.match(name) and not NO_RESOURCE.search(name))
            or name.rsplit(".", maxsplit=1)[-1].startswith(("create_", "build_", "declare_"))
        ]
        assert not made


@pytest.mark.parametrize("module", SOURCES)
def test_nothing_is_read_from_aws(module: str) -> None:
    for name in calls(tree(module)):
        assert not re.match(r"^(lb|lambda_|cloudwatch|dynamodb|iam|ec2)\.get_", name)
        assert not re.match(r"^(lb|lambda_|cloudwatch|dynamodb|iam|ec2)\.[A-Z]\w*\.get$", name)


# Numbers that mean nothing else in this program; 5, 100 or 128 also mean other things.
TELLING = {50_000, 604_800, 10_240, 4096, 86_400, 999}
PATTERNS = {
    value
    for name, value in vars(limits).items()
    if name.endswith("_PATTERN") and isinstance(value, str)
}


def test_the_limits_are_constants_of_one_module() -> None:
    values = {value for value in vars(limits).values() if isinstance(value, int)}

    assert values >= TELLING
    assert len(PATTERNS) >= 5
    targets = [node for node in ast.walk(tree("routing.limits")) if isinstance(node, ast.Assign)]
    assert targets == []  # each one is annotated as Final


@pytest.mark.parametrize("module", [name for name in SOURCES if name != "routing.limits"])
def test_no_other_module_repeats_a_limit(module: str) -> None:
    constants = [node.value for node in ast.walk(tree(module)) if isinstance(node, ast.Constant)]

    assert not TELLING & {value for value in constants if type(value) is int}
    texts = {value for value in constants if isinstance(value, str)}
    assert not texts & PATTERNS
    digits = {int(number) for text in texts for number in re.findall(r"\d+", text)}
    assert not TELLING & digits


def test_the_types_of_every_service_in_use_are_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    checked = {
        name for one in settings if one["follow_imports"] == "normal" for name in one["module"]
    }

    used = {f"pulumi_aws.{name}.*" for module in SOURCES | BESIDE for name in services(module)}

    assert checked == used | {"pulumi_aws"}


def services(module: str) -> set[str]:
    """What of the provider a module imports, or reaches by the provider's name."""
    names = set()
    for node in ast.walk(tree(module)):
        match node:
            case ast.ImportFrom(module="pulumi_aws"):
                names |= {alias.name for alias in node.names}
            case ast.Attribute(value=ast.Name(id="aws")) if "pulumi_aws" in imported(module):
                names.add(node.attr)
    return names
