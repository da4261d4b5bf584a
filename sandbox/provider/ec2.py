"""Security groups with their rules written inline.

Rules are about IPv4 ranges, which is all that this program writes; AWS's others are not seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.provider.base import (
    Created,
    Handler,
    Inputs,
    Listing,
    Read,
    finishing,
    found,
    retag,
    tag_list,
    tag_table,
    tagged,
)
from sandbox.provider.schema import (
    TAGS,
    Many,
    block,
    has_unknown,
    list_of,
    text,
    whole,
)
from sandbox.provider.validators import cidr, length, matches

_MISSING: Final = "InvalidGroup.NotFound"
_ALL: Final = "-1"
_PROTOCOLS: Final = {"all": _ALL, "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_LISTS: Final = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}
_RULE: Final = block(
    fromPort=whole(required=True),
    toPort=whole(required=True),
    protocol=text(required=True),
    cidrBlocks=list_of(text(cidr(4))),
    description=text(length(0, 255)),
)


@dataclass(frozen=True, kw_only=True)
class _Rules(Many):
    """Rules of one direction. No rules at all is not the same as leaving them out."""

    def normal(self, value: Any) -> Any:
        if not isinstance(value, list) or has_unknown(value):
            return value
        if not all(isinstance(rule, Mapping) and "protocol" in rule for rule in value):
            return value  # a digest
        return _grouped(_split(self.clean(value)))

    def is_absent(self, normal: Any) -> bool:
        return normal is None


@dataclass(frozen=True, order=True)
class _Permission:
    """What AWS grants and takes away: one protocol, port range and range of addresses."""

    protocol: str
    from_port: int
    to_port: int
    description: str
    source: str


class SecurityGroup(Handler):
    """A security group. Rules left out of the program are left alone."""

    type_name = "aws:ec2/securityGroup:SecurityGroup"
    service = "ec2"
    schema = block(
        name=text(length(0, 255), matches(r"(?!sg-).*", "{path} cannot begin with sg-")),
        description=text(length(0, 255), default="Managed by Pulumi"),
        vpcId=text(),
        ingress=_Rules(of=_RULE),
        egress=_Rules(of=_RULE),
        tags=TAGS,
    )
    replaces = frozenset({"name", "description", "vpcId"})
    computed = frozenset({"name", "vpcId", "ingress", "egress"})
    listing = Listing("describe_security_groups", "SecurityGroups", "GroupId")

    def id_of(self, inputs: Inputs) -> str | None:
        named = [{"Name": "group-name", "Values": [inputs["name"]]}]
        groups = self.api.describe_security_groups(Filters=named)["SecurityGroups"]
        return groups[0]["GroupId"] if groups else None

    def create(self, inputs: Inputs) -> Created:
        more: dict[str, Any] = {"VpcId": inputs["vpcId"]} if "vpcId" in inputs else {}
        tags = tagged(inputs)
        if tags:
            more["TagSpecifications"] = [{"ResourceType": "security-group", **tags}]
        id_ = self.api.create_security_group(
            GroupName=inputs["name"],
            Description=inputs.get("description", "Managed by Pulumi"),
            **more,
        )["GroupId"]
        created = Created(id_, {})
        with finishing(created):
            group = self._describe(id_)
            created.outputs.update(self._outputs(group))
            for direction in _LISTS:  # AWS opens the egress of every new group
                self._reconcile(group, direction, inputs.get(direction, []))
        return created

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        group = self._describe(id_)
        if group is None:
            return None
        inputs_found = {
            "name": group["GroupName"],
            "description": group["Description"],
            "vpcId": group.get("VpcId"),
            "tags": tag_table(group.get("Tags", [])),
        } | {direction: _grouped(_granted(group[key])) for direction, key in _LISTS.items()}
        return Read(id_, self.as_written(inputs_found, inputs), self._outputs(group))

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        if directions := changed & set(_LISTS):
            group = self._describe(id_)
            for direction in sorted(directions):
                self._reconcile(group, direction, new[direction])
        if "tags" in changed:
            api, mine = self.api, [id_]
            retag(
                old,
                new,
                lambda keys: api.delete_tags(Resources=mine, Tags=[{"Key": key} for key in keys]),
                lambda tags: api.create_tags(Resources=mine, Tags=tag_list(tags)),
            )
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_security_group(GroupId=id_), _MISSING)

    def _describe(self, id_: str) -> Any:
        answer = found(lambda: self.api.describe_security_groups(GroupIds=[id_]), _MISSING)
        return answer["SecurityGroups"][0] if answer else None

    def _outputs(self, group: Mapping[str, Any]) -> dict[str, Any]:
        meta, id_, owner = self.api.meta, group["GroupId"], group["OwnerId"]
        return {
            "arn": f"arn:{meta.partition}:ec2:{meta.region_name}:{owner}:security-group/{id_}",
            "name": group["GroupName"],
            "ownerId": owner,
            "vpcId": group.get("VpcId"),
        }

    def _reconcile(
        self, group: Mapping[str, Any], direction: str, rules: list[Mapping[str, Any]]
    ) -> None:
        id_ = group["GroupId"]
        there, wanted = set(_granted(group[_LISTS[direction]])), set(_split(rules))
        if gone := there - wanted:
            revoke = getattr(self.api, f"revoke_security_group_{direction}")
            revoke(GroupId=id_, IpPermissions=_sent(gone))
        if new := wanted - there:
            authorize = getattr(self.api, f"authorize_security_group_{direction}")
            authorize(GroupId=id_, IpPermissions=_sent(new))


def _split(rules: Iterable[Mapping[str, Any]]) -> Iterator[_Permission]:
    """The permissions that rules of a program stand for."""
    for rule in rules:
        protocol = str(rule["protocol"]).lower()
        protocol = _PROTOCOLS.get(protocol, protocol)
        first, last = (0, 0) if protocol == _ALL else (rule["fromPort"], rule["toPort"])
        for source in rule.get("cidrBlocks", []):
            yield _Permission(protocol, first, last, rule.get("description", ""), source)


def _granted(permissions: Iterable[Mapping[str, Any]]) -> Iterator[_Permission]:
    """The permissions that AWS lists."""
    for entry in permissions:
        for source in entry.get("IpRanges", []):
            yield _Permission(
                entry["IpProtocol"],
                entry.get("FromPort", 0),
                entry.get("ToPort", 0),
                source.get("Description", ""),
                source["CidrIp"],
            )


def _grouped(permissions: Iterable[_Permission]) -> list[dict[str, Any]]:
    """Permissions as the fewest rules a program would write."""
    rules: dict[tuple[str, int, int, str], dict[str, Any]] = {}
    for one in sorted(set(permissions)):
        key = (one.protocol, one.from_port, one.to_port, one.description)
        rule = rules.setdefault(
            key, {"protocol": one.protocol, "fromPort": one.from_port, "toPort": one.to_port}
        )
        if one.description:
            rule["description"] = one.description
        rule.setdefault("cidrBlocks", []).append(one.source)
    return list(rules.values())


def _sent(permissions: Iterable[_Permission]) -> list[dict[str, Any]]:
    """Permissions as the API takes them."""
    entries: dict[tuple[str, int, int], dict[str, Any]] = defaultdict(dict)
    for one in sorted(permissions):
        entry = entries[one.protocol, one.from_port, one.to_port]
        note = {"Description": one.description} if one.description else {}
        entry.setdefault("IpRanges", []).append({"CidrIp": one.source, **note})
    return [
        {"IpProtocol": protocol, **entry}
        | ({} if protocol == _ALL else {"FromPort": first, "ToPort": last})
        for (protocol, first, last), entry in entries.items()
    ]
