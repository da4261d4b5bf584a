"""The program's rules as its contract lists them, made through the API."""

import csv
from pathlib import Path
from typing import Any

from sandbox.account.client import Account
from tests.account.support import fixed_response, forward, header, host, methods, path, weighted

GOLDEN = Path(__file__).parents[1] / "golden" / "endpoints.csv"
RUST = {"public": "l-passport-v2-rust-scorer", "internal": "l-passport-v2-rust-scorer-int"}
SCORE = "lrule-lambda-cc-v1-score-GET-0"
DUAL = {
    SCORE,
    "lrule-lambda-cc-v1-st-bulk-POST-0",
    "lrule-lambda-passport-v2-stamp-score",
    "embed-st-rule-lambda",
    "embed-rl-rule-lambda",
    "embed-gs-rule-lambda",
}
TESTER_PRIORITIES = {
    "cc-v1-st-bulk-POST-0": 990,
    "cc-v1-score-GET-0": 991,
    "passport-v2-stamp-score": 992,
    "embed-st": 2090,
    "embed-rl": 2091,
    "embed-gs": 2093,
}
SECRET = "tester-secret-4711"


class Stack:
    """The rules of one stack; `actions` says what is live, by logical name."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.elb = account.client("elbv2")
        with GOLDEN.open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.rows = [row for row in rows if row["rule_logical_name"]]
        self.listeners = {
            "public": account.foundation["publicAlbHttpsListenerArn"],
            "internal": account.foundation["privateAlbHttpListenerArn"],
        }
        names = [row["target_group_name"] for row in self.rows if row["target_group_name"]]
        self.groups = {name: self._group(name) for name in [*names, *RUST.values()]}
        self.groups["registry"] = account.foundation["registryTargetGroupArn"]
        self.rules = {row["rule_logical_name"]: self._create(row) for row in self.rows}

    def _group(self, name: str) -> str:
        created = self.elb.create_target_group(
            Name=name,
            TargetType="lambda",
            Tags=[{"Key": "PulumiStack", "Value": self.account.stack}],
        )
        return created["TargetGroups"][0]["TargetGroupArn"]

    def conditions(self, row: dict[str, str]) -> list[Any]:
        return [
            *([host(row["host"])] if row["host"] else []),
            path(row["path"]),
            *([methods(*row["methods"].split("+"))] if row["methods"] else []),
        ]

    def _create(self, row: dict[str, str]) -> str:
        if row["served_by"].startswith("fixed"):
            action = fixed_response("", "400")
        else:
            action = forward(self.groups[row["target_group_name"] or "registry"])
        return self.add(row["listener"], int(row["priority"]), self.conditions(row), action)

    def add(self, listener: str, priority: int, conditions: list[Any], action: Any) -> str:
        created = self.elb.create_rule(
            ListenerArn=self.listeners[listener],
            Priority=priority,
            Conditions=conditions,
            Actions=[action],
        )
        return created["Rules"][0]["RuleArn"]

    def row(self, rule: str) -> dict[str, str]:
        return next(row for row in self.rows if row["rule_logical_name"] == rule)

    def rule_of(self, endpoint: str) -> str:
        return next(r["rule_logical_name"] for r in self.rows if r["endpoint"] == endpoint)

    def python(self, rule: str) -> str:
        return self.groups[self.row(rule)["target_group_name"]]

    def rust(self, rule: str) -> str:
        return self.groups[RUST[self.row(rule)["listener"]]]

    def change(self, rule: str, *actions: Any) -> None:
        self.elb.modify_rule(RuleArn=self.rules[rule], Actions=list(actions))

    def share(self, percent: int, *rules: str) -> None:
        """A share of Rust as an update writes it."""
        for rule in rules or DUAL:
            both = (self.python(rule), 100 - percent), (self.rust(rule), percent)
            self.change(rule, weighted(*both, Enabled=True, DurationSeconds=3600))

    def add_testers(self) -> dict[str, str]:
        return {
            row["rule_logical_name"]: self.add(
                row["listener"],
                TESTER_PRIORITIES[row["endpoint"]],
                [*self.conditions(row), header("X-Use-Rust-Scorer", SECRET)],
                forward(self.rust(row["rule_logical_name"])),
            )
            for row in self.rows
            if row["endpoint"] in TESTER_PRIORITIES
        }

    def live(self, arn: str) -> Any:
        return self._live([arn])[arn]

    def _live(self, arns: list[str]) -> dict[str, Any]:
        rules = self.elb.describe_rules(RuleArns=arns)["Rules"]
        return {rule["RuleArn"]: rule["Actions"] for rule in rules}

    def dual(self) -> dict[str, Any]:
        """What every dual rule does, as the API tells it."""
        found = self._live([self.rules[rule] for rule in DUAL])
        return {rule: found[self.rules[rule]] for rule in DUAL}

    def is_plain(self, rule: str) -> bool:
        """Whether the rule is a plain forward to its Python group, as the API tells it."""
        return rule in self.plain()

    def plain(self) -> set[str]:
        """The dual rules that are plain forwards to their Python groups."""
        return {rule for rule, live in self.dual().items() if is_plain(live, self.python(rule))}

    def tags(self, arn: str) -> dict[str, str]:
        described = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for one in described for tag in one["Tags"]}


def is_plain(actions: Any, group: str) -> bool:
    match actions:
        case [{"Type": "forward", "TargetGroupArn": arn}]:
            groups = actions[0].get("ForwardConfig", {}).get("TargetGroups", [])
            return arn == group and len(groups) <= 1
    return False
