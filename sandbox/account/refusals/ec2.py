"""Refusals of EC2: security groups that are still in use."""

from collections.abc import Iterator
from typing import Any

from moto.awslambda.utils import get_backend as lambda_backend
from moto.ec2.models import EC2Backend
from moto.elbv2.models import elbv2_backends

from sandbox.account.refusals.guard import Arguments, guard, refused


@guard(EC2Backend, "delete_security_group")
def _delete_security_group(backend: Any, call: Arguments) -> None:
    group = call["group_id"]
    if group is None and (named := backend.get_security_group_by_name_or_id(call["name"])):
        group = named.id
    if group in {*_groups_in_use(backend), *_groups_in_rules(backend, but=group)}:
        raise refused("DependencyViolation", f"resource {group} has a dependent object")


def _groups_in_use(backend: Any) -> Iterator[str]:
    """The groups of functions and load balancers; EC2 knows them by network interfaces."""
    functions = lambda_backend(backend.account_id, backend.region_name)
    for function in functions.list_functions():
        yield from (function.vpc_config or {}).get("SecurityGroupIds") or ()
    for balancer in elbv2_backends[backend.account_id][backend.region_name].load_balancers.values():
        yield from balancer.security_groups


def _groups_in_rules(backend: Any, *, but: str) -> Iterator[str]:
    """The groups that the rules of others name."""
    for groups in backend.groups.values():
        for group in groups.values():
            if group.id != but:
                for rule in (*group.ingress_rules, *group.egress_rules):
                    yield rule.source_group.get("GroupId", "")
