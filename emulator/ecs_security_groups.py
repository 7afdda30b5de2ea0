"""Security groups: which interfaces reach each other, and what else may come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator import dry_run, ecs, ecs_rules, labels, pages, regions, vpc
from emulator.ecs import SecurityGroup
from emulator.ecs_rules import Rule
from emulator.request import Refusal, Request
from emulator.world import World, iso

MAX_RULES = 200
MAX_SOURCE_GROUPS = 20
MAX_IDS = 100


def describe_security_groups(world: World, request: Request) -> dict[str, Any]:
    """List the security groups of a region; an id that is not there is no error."""
    region = regions.named(request)
    _check_kind(request)
    found = [each for each in _asked(world, request) if each.region == region and _matches(each, request)]
    page, facts = paged(request, found, 50, 100)
    dry_run.stop(request)
    return {**facts, "RegionId": region, "SecurityGroups": {"SecurityGroup": [_row(each) for each in page]}}


def paged(request: Request, rows: list[Any], by_number: int, by_token: int) -> tuple[list[Any], dict[str, Any]]:
    """Cut a list by NextToken and MaxResults when a request has one of them, else by PageNumber and PageSize."""
    if not (request.has("NextToken") or request.has("MaxResults")):
        page, facts = pages.by_number(request, rows, 10, by_number)
        return page, {**facts, "NextToken": ""}
    page, facts = pages.by_token(request, rows, 10, by_token)
    return page, {**facts, "PageNumber": 1, "PageSize": len(page), "TotalCount": len(rows)}


def create_security_group(world: World, request: Request) -> dict[str, Any]:
    """Make a security group; the name need not be unique."""
    return ecs.once(world, request, lambda: _create_security_group(world, request))


def _create_security_group(world: World, request: Request) -> dict[str, Any]:
    region = regions.named(request)
    _check_kind(request)
    group = SecurityGroup(
        id="",
        region=region,
        vpc_id=_vpc_id(world, request, region),
        name=labels.ecs_name(request, "SecurityGroupName", "InvalidSecurityGroupName.Malformed"),
        description=labels.line(request, "Description", 2, 256, "InvalidDescription.Malformed"),
        kind=request.text("SecurityGroupType", "normal"),
        resource_group_id=labels.resource_group(world, request),
        tags=labels.tags(request),
    )
    state = world.part(ecs.State)
    if sum(each.region == region for each in state.security_groups.values()) >= state.security_group_quota:
        message = f"The account has {state.security_group_quota} security groups in {region} already."
        raise Refusal(403, "QuotaExceed.SecurityGroup", message)
    return {"SecurityGroupId": ecs.add_security_group(world, group)}


def describe_security_group_attribute(world: World, request: Request) -> dict[str, Any]:
    """Show a security group with its rules; all rules are for what comes in."""
    region, security_group_id = regions.named(request), request.one("SecurityGroupId")
    if not security_group_id.startswith("sg-"):
        raise Refusal(400, "InvalidSecurityGroupId.Malformed", "The specified SecurityGroupId is not valid.")
    group = ecs.security_group(world, region, security_group_id)
    rules: list[Rule] = [] if request.text("Direction").lower() == "egress" else group.rules
    page, facts = pages.by_token(request, rules, MAX_RULES, 1000)
    permissions = [ecs_rules.permission(rule, _group_name(world, rule.source_group_id)) for rule in page]
    return {
        **facts,
        "Description": group.description,
        "InnerAccessPolicy": "Accept" if group.kind == "normal" else "Drop",
        "Permissions": {"Permission": permissions},
        "RegionId": region,
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SnapshotPolicyIds": {"SnapshotPolicyId": []},
        "VpcId": group.vpc_id,
    }


def authorize_security_group(world: World, request: Request) -> dict[str, Any]:
    """Add rules; one that is there already is neither an error nor there twice."""
    return ecs.once(world, request, lambda: _authorize(world, request))


def _authorize(world: World, request: Request) -> dict[str, Any]:
    group = _named_group(world, request)
    asked = {rule.content(): rule for rule in ecs_rules.asked_for(request)}
    for rule in asked.values():
        _check_source_group(world, group, rule)
    known = {rule.content() for rule in group.rules}
    added = [rule for content, rule in asked.items() if content not in known]
    rules = [*group.rules, *added]
    if len(rules) > MAX_RULES or len({rule.source_group_id for rule in rules} - {""}) > MAX_SOURCE_GROUPS:
        raise Refusal(403, "AuthorizationLimitExceed", "The limit of rules of the security group is reached.")
    for rule in added:
        rule.id, rule.created_at = regions.draw_id(world, "sgr", group.region), world.now()
    group.rules = rules
    return {}


def revoke_security_group(world: World, request: Request) -> dict[str, Any]:
    """Take rules away: by what they say, where a missing one is no error, or by id, where it is one."""
    return ecs.once(world, request, lambda: _revoke(world, request))


def _revoke(world: World, request: Request) -> dict[str, Any]:
    group = _named_group(world, request)
    unwanted = _by_id(group, request) if request.items("SecurityGroupRuleId") else _by_content(request)
    group.rules = [rule for rule in group.rules if not unwanted(rule)]
    return {}


def _by_id(group: SecurityGroup, request: Request) -> Callable[[Rule], bool]:
    wanted = set(request.items("SecurityGroupRuleId"))
    if wanted - {rule.id for rule in group.rules}:
        raise Refusal(404, "InvalidSecurityGroupRuleId.NotFound", "A specified SecurityGroupRuleId does not exist.")
    return lambda rule: rule.id in wanted


def _by_content(request: Request) -> Callable[[Rule], bool]:
    unwanted = {rule.content() for rule in ecs_rules.asked_for(request)}
    return lambda rule: rule.content() in unwanted


def delete_security_group(world: World, request: Request) -> dict[str, Any]:
    """Delete a security group that has no members and that no other group's rules name."""
    region = regions.named(request)
    group = ecs.find_security_group(world, request.one("SecurityGroupId"))
    if group is None or group.region != region:
        # The other actions say InvalidSecurityGroupId.NotFound. Source: ECS 2014-05-26, DeleteSecurityGroup.
        raise Refusal(404, "InvalidSecurityGroup.NotFound", "The specified security group does not exist.")
    if group.members or _referencing(world, group):
        raise Refusal(403, "DependencyViolation", "There is still an interface or a rule that uses the group.")
    ecs.remove_security_group(world, group.id)
    return {}


def describe_security_group_references(world: World, request: Request) -> dict[str, Any]:
    """Say which groups have rules that name the given ones. UNCONFIRMED: that a group without any is left out."""
    region, wanted = regions.named(request), request.items("SecurityGroupId")[:MAX_IDS]
    groups = [ecs.security_group(world, region, each) for each in wanted or [request.one("SecurityGroupId")]]
    rows = []
    for group in groups:
        others = [{"AliUid": world.account_id, "SecurityGroupId": each.id} for each in _referencing(world, group)]
        if others:
            found = {"ReferencingSecurityGroup": others}
            rows.append({"SecurityGroupId": group.id, "ReferencingSecurityGroups": found})
    return {"SecurityGroupReferences": {"SecurityGroupReference": rows}}


def _asked(world: World, request: Request) -> list[SecurityGroup]:
    """Give the security groups by id when a list request names ids, else all."""
    groups, wanted = world.part(ecs.State).security_groups, request.json("SecurityGroupIds", [])
    if not isinstance(wanted, list) or len(wanted) > MAX_IDS or not all(isinstance(each, str) for each in wanted):
        raise Refusal(400, "InvalidSecurityGroupIds.Malformed", f"SecurityGroupIds is a list of up to {MAX_IDS} ids.")
    if request.has("SecurityGroupId"):
        wanted = [request.text("SecurityGroupId")]
    if not wanted:
        return list(groups.values())
    return [groups[each] for each in dict.fromkeys(wanted) if each in groups]


def _matches(group: SecurityGroup, request: Request) -> bool:
    facts = {
        "NetworkType": "vpc",
        "ResourceGroupId": group.resource_group_id,
        "SecurityGroupName": group.name,
        "SecurityGroupType": group.kind,
        "VpcId": group.vpc_id,
    }
    equal = all(request.text(name, value) == value for name, value in facts.items())
    return equal and not request.boolean("ServiceManaged") and labels.bears(group.tags, request)


def _row(group: SecurityGroup) -> dict[str, Any]:
    return {
        "AvailableInstanceAmount": ecs.MAX_MEMBERS[group.kind] - len(group.members),
        "CreationTime": iso(group.created_at),
        "Description": group.description,
        "EcsCount": 0,
        "GroupToGroupRuleCount": sum(rule.source_group_id != "" for rule in group.rules),
        "ResourceGroupId": group.resource_group_id,
        "RuleCount": len(group.rules),
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SecurityGroupType": group.kind,
        # What Realtime Compute makes, it makes in the customer's name, so it is not managed.
        "ServiceManaged": False,
        "Tags": ecs.tag_rows(group.tags),
        "VpcId": group.vpc_id,
    }


def _check_kind(request: Request) -> None:
    if request.text("SecurityGroupType", "normal") not in ecs.MAX_MEMBERS:
        raise Refusal(400, "InvalidParameter.SecurityGroupType", "SecurityGroupType is neither normal nor enterprise.")


def _vpc_id(world: World, request: Request, region: str) -> str:
    if not request.has("VpcId"):  # The account has no classic network.
        raise Refusal(403, "InvalidVpcId.NotFound", "A security group needs a VpcId.")
    network = vpc.find_vpc(world, request.text("VpcId"))
    if network is None or network.region != region:
        raise Refusal(404, "InvalidVpcId.NotFound", "The specified VpcId does not exist.")
    if network.status(world.now()) != "Available":
        raise Refusal(400, "IncorrectVpcStatus", "The status of the VPC does not allow this operation.")
    return network.id


def _named_group(world: World, request: Request) -> SecurityGroup:
    return ecs.security_group(world, regions.named(request), request.one("SecurityGroupId"))


def _check_source_group(world: World, group: SecurityGroup, rule: Rule) -> None:
    source = ecs.find_security_group(world, rule.source_group_id)
    if rule.source_group_id and (source is None or source.region != group.region):
        raise Refusal(404, "InvalidSourceGroupId.NotFound", "The specified SourceGroupId does not exist.")


def _group_name(world: World, security_group_id: str) -> str:
    group = ecs.find_security_group(world, security_group_id)
    return group.name if group is not None else ""


def _referencing(world: World, group: SecurityGroup) -> list[SecurityGroup]:
    others = (each for each in world.part(ecs.State).security_groups.values() if each.id != group.id)
    return [each for each in others if any(rule.source_group_id == group.id for rule in each.rules)]


ROUTES = {
    "AuthorizeSecurityGroup": authorize_security_group,
    "CreateSecurityGroup": create_security_group,
    "DeleteSecurityGroup": delete_security_group,
    "DescribeSecurityGroupAttribute": describe_security_group_attribute,
    "DescribeSecurityGroupReferences": describe_security_group_references,
    "DescribeSecurityGroups": describe_security_groups,
    "RevokeSecurityGroup": revoke_security_group,
}
