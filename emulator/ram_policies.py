"""RAM policies and their versions, the account's own and the system's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator import pages, ram
from emulator.ram import Policy, State, Version
from emulator.ram_names import POLICY_NAME, bears, named, policy_document, tags, text
from emulator.request import Refusal, Request
from emulator.system_policies import SYSTEM_POLICIES
from emulator.world import World, iso

MAX_POLICIES = 1500
MAX_VERSIONS = 5
ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"

# System policies are older than any account. The day stands for the unknown real ones.
SYSTEM_SINCE = 1420070400.0  # 2015-01-01T00:00:00Z

Reply = dict[str, Any]


@dataclass(frozen=True)
class Face:
    """What replies show of a policy, whoever maintains it."""

    key: str
    name: str
    kind: str
    description: str
    default_version: str
    created_at: float
    updated_at: float
    versions: dict[str, Version]
    tags: dict[str, str]

    @property
    def document(self) -> str:
        return self.versions[self.default_version].document


def face(world: World, kind: str, name: str) -> Face:
    """Find a policy by type and name.

    Raises:
        Refusal: no such type, or no such policy of that type.
    """
    if kind not in ("System", "Custom"):
        raise Refusal(400, "InvalidParameter.PolicyType", "The PolicyType must be System or Custom.")
    key = f"{kind}/{name}"
    if kind == "System" and name in SYSTEM_POLICIES:
        policy = SYSTEM_POLICIES[name]
        versions = {"v1": Version(policy.document, SYSTEM_SINCE)}
        return Face(key, name, kind, policy.description, "v1", SYSTEM_SINCE, SYSTEM_SINCE, versions, {})
    if kind == "Custom" and (own := world.part(State).policies.get(name)):
        facts = (own.description, own.default_version, own.created_at, own.updated_at, own.versions, own.tags)
        return Face(key, name, kind, *facts)
    raise Refusal(404, "EntityNotExist.Policy", f"The {kind.lower()} policy does not exist: {name}.")


def asked(world: World, request: Request) -> Face:
    """Find the policy that PolicyType and PolicyName name."""
    kind, name = request.required("PolicyType", "PolicyName")
    return face(world, kind, name)


def create_policy(world: World, request: Request) -> Reply:
    name = named(request, "PolicyName", POLICY_NAME, 128)
    document = policy_document(request)
    description = text(request, "Description", 1024)
    labels = tags(request)
    policies = world.part(State).policies
    if name in policies:
        raise Refusal(409, "EntityAlreadyExists.Policy", f"The policy already exists: {name}.")
    if len(policies) >= MAX_POLICIES:
        raise Refusal(409, "LimitExceeded.Policy", f"The account has {MAX_POLICIES} policies, which is the limit.")
    now = world.now()
    policies[name] = Policy(name, now, now, {"v1": Version(document, now)}, description, tags=labels)
    return {
        "Policy": {
            "PolicyName": name,
            "PolicyType": "Custom",
            "Description": description,
            "DefaultVersion": "v1",
            "CreateDate": iso(now),
        }
    }


def get_policy(world: World, request: Request) -> Reply:
    policy = asked(world, request)
    return {
        "Policy": _view(world, policy) | {"PolicyDocument": policy.document},
        "DefaultPolicyVersion": _version_view(policy, policy.default_version),
    }


def delete_policy(world: World, request: Request) -> Reply:
    policy = _own(world, request)
    state = world.part(State)
    for principal in state.attached.get(f"Custom/{policy.name}", {}):
        kind = principal.partition("/")[0]
        raise Refusal(409, f"DeleteConflict.Policy.{kind}", f"The policy is still attached to a {kind.lower()}.")
    if len(policy.versions) > 1 and not request.boolean("CascadingDelete"):
        raise Refusal(409, "DeleteConflict.Policy.Version", "The policy still has versions that are not the default.")
    del state.policies[policy.name]
    return {}


def list_policies(world: World, request: Request) -> Reply:
    kind = request.text("PolicyType")
    if kind not in ("", "System", "Custom"):
        raise Refusal(400, "InvalidParameter.PolicyType", "The PolicyType must be System or Custom.")
    wanted, own = tags(request), world.part(State).policies
    names = [("Custom", name) for name in own if kind != "System" and bears(own[name].tags, wanted)]
    names += [("System", name) for name in SYSTEM_POLICIES if kind != "Custom" and not wanted]  # they bear no tags
    page, facts = pages.by_marker(request, names)
    rows = [face(world, kind, name) for kind, name in page]
    return {"Policies": {"Policy": [_view(world, row) | {"Tags": ram.tags(row.tags)} for row in rows]}, **facts}


def create_policy_version(world: World, request: Request) -> Reply:
    policy = _own(world, request)
    document = policy_document(request)
    default = request.boolean("SetAsDefault")
    strategy = request.text("RotateStrategy", "None")
    if strategy not in ("None", ROTATE):
        raise Refusal(400, "InvalidParameter.RotateStrategy", f"The RotateStrategy must be None or {ROTATE}.")
    if len(policy.versions) >= MAX_VERSIONS:
        if strategy == "None":
            message = f"The policy has {MAX_VERSIONS} versions, which is the limit."
            raise Refusal(409, "LimitExceeded.Policy.Version", message)
        # Versions stand in the order of their making.
        oldest = next(version for version in policy.versions if version != policy.default_version)
        del policy.versions[oldest]
    add_version(world, policy, document, default)
    return {"PolicyVersion": _version_view(face(world, "Custom", policy.name), f"v{policy.last_number}")}


def add_version(world: World, policy: Policy, document: str, default: bool) -> None:
    policy.last_number += 1
    policy.versions[f"v{policy.last_number}"] = Version(document, world.now())
    policy.updated_at = world.now()
    if default:
        _set_default(world, policy, f"v{policy.last_number}")


def get_policy_version(world: World, request: Request) -> Reply:
    policy = asked(world, request)
    version = request.one("VersionId")
    _check_version(policy.versions, version)
    return {"PolicyVersion": _version_view(policy, version)}


def list_policy_versions(world: World, request: Request) -> Reply:
    policy = asked(world, request)
    rows = [_version_view(policy, version) for version in policy.versions]
    return {"PolicyVersions": {"PolicyVersion": rows}}


def delete_policy_version(world: World, request: Request) -> Reply:
    policy = _own(world, request)
    version = request.one("VersionId")
    _check_version(policy.versions, version)
    if version == policy.default_version:
        raise Refusal(409, "DeleteConflict.Policy.Version.Default", "The default version cannot be deleted.")
    del policy.versions[version]
    policy.updated_at = world.now()
    return {}


def set_default_policy_version(world: World, request: Request) -> Reply:
    policy = _own(world, request)
    version = request.one("VersionId")
    _check_version(policy.versions, version)
    _set_default(world, policy, version)
    policy.updated_at = world.now()
    return {}


def _set_default(world: World, policy: Policy, version: str) -> None:
    now, delay = world.now(), world.delays.permission
    if delay > 0 and version != policy.default_version:
        # Until the change takes effect the document that decides today goes on deciding.
        if now >= policy.former_until:
            policy.former_document = policy.versions[policy.default_version].document
        policy.former_until = now + delay
    policy.default_version = version


def _own(world: World, request: Request) -> Policy:
    """Find a custom policy; the system's cannot be changed."""
    name = request.one("PolicyName")
    policy = world.part(State).policies.get(name)
    if policy is None:
        raise Refusal(404, "EntityNotExist.Policy", f"The custom policy does not exist: {name}.")
    return policy


def _check_version(versions: dict[str, Version], version: str) -> None:
    if not (version.startswith("v") and version[1:].isascii() and version[1:].isdecimal()):
        raise Refusal(400, "InvalidParameter.VersionId.Format", "The format of VersionId is not correct.")
    if version not in versions:
        raise Refusal(404, "EntityNotExist.Policy.Version", f"The policy version does not exist: {version}.")


def _view(world: World, policy: Face) -> Reply:
    return {
        "PolicyName": policy.name,
        "PolicyType": policy.kind,
        "Description": policy.description,
        "DefaultVersion": policy.default_version,
        "CreateDate": iso(policy.created_at),
        "UpdateDate": iso(policy.updated_at),
        "AttachmentCount": len(world.part(State).attached.get(policy.key, {})),
    }


def _version_view(policy: Face, version: str) -> Reply:
    return {
        "VersionId": version,
        "IsDefaultVersion": version == policy.default_version,
        "PolicyDocument": policy.versions[version].document,
        "CreateDate": iso(policy.versions[version].created_at),
    }


ROUTES = {
    "CreatePolicy": create_policy,
    "GetPolicy": get_policy,
    "DeletePolicy": delete_policy,
    "ListPolicies": list_policies,
    "CreatePolicyVersion": create_policy_version,
    "GetPolicyVersion": get_policy_version,
    "ListPolicyVersions": list_policy_versions,
    "DeletePolicyVersion": delete_policy_version,
    "SetDefaultPolicyVersion": set_default_policy_version,
}
