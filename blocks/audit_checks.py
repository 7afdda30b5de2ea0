"""The checks of an audit that go beyond drift: facts in, findings out. No I/O.

CIS numbers are those of the CIS Alibaba Cloud Foundation Benchmark 1.0.0. UNCONFIRMED, and so not named: the items on
security groups that are open to the world (4.3 and 4.4 perhaps).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alicloud import bucket_policy, ecs, ecs_rules, oss
from alicloud.ecs import NetworkInterface, SecurityGroup
from alicloud.ecs_rules import Rule
from alicloud.errors import Unmet
from alicloud.oss import Bucket
from alicloud.ram import LoginProfile
from alicloud.ram_account import PasswordPolicy
from alicloud.ram_logon import UserKey
from alicloud.vpc_vswitches import VSwitch
from blocks.audit_drift import PASSWORD_ITEMS
from blocks.audit_finding import Finding, Severity

# Ports by which machines are taken over: SSH, remote desktop.
CONTROL_PORTS = (22, 3389)
URGENT_DAYS = 7
CIS_MINIMUM_LENGTH = 14


def account_key(is_root: bool, exclusive: bool) -> list[Finding]:
    """The account's own AccessKey can do everything; in exclusive mode nobody else may make projects (R12)."""
    if not is_root:
        return []
    severity: Severity = "low" if exclusive else "medium"
    what = "its own AccessKey is in use, by this audit"
    remedy = "Run the audit as a RAM user that can only read (docs/audit.md), and name its block in audit.credentials."
    return [Finding("account-key", severity, "Account", what, remedy, cis="1.2")]


def access_keys(user: str, keys: Iterable[UserKey], now: float, oldest_days: int) -> list[Finding]:
    """Find the active AccessKeys of a user that are older than allowed."""
    return [
        Finding(
            "access-key-age",
            "medium",
            f"RAM user {user}",
            f"is {key.age_days(now):.0f} days old, at most {oldest_days} are allowed",
            "Make a second key, let programs use it, disable and then delete the old one.",
            field=f"AccessKey ...{key.access_key_id[-4:]}",
            cis="1.6",
            names=(user,),
        )
        for key in keys
        if key.active and key.age_days(now) > oldest_days
    ]


def second_factor(user: str, logon: LoginProfile | None, is_bound: bool) -> list[Finding]:
    """Find out whether somebody can log on with a password alone; whoever must bind a device first cannot."""
    if logon is None or is_bound:
        return []
    demanded = logon.mfa_required
    what = "none is bound yet; the next logon asks for it" if demanded else "may log on with the password alone"
    remedy = (
        "Let them log on and bind a device." if demanded else "Demand it (mfa_required), and let them bind a device."
    )
    severity: Severity = "low" if demanded else "high"
    return [Finding("user-without-mfa", severity, f"RAM user {user}", what, remedy, "second factor", "1.4", (user,))]


def password_policy(actual: PasswordPolicy) -> list[Finding]:
    """Compare with CIS what the environment may want less strictly; what it does want is compared by its decider."""
    lax = {
        "require uppercase": not actual.require_uppercase,
        "require lowercase": not actual.require_lowercase,
        "require symbols": not actual.require_symbols,
        "require numbers": not actual.require_numbers,
        "minimum length": actual.minimum_length < CIS_MINIMUM_LENGTH,
        "reuse prevention": actual.reuse_prevention < 5,
        "max age days": actual.max_age_days == 0,
        "max attempts": not 0 < actual.max_attempts <= 5,
    }
    remedy = "Ask for more in people.password_policy, then run authorize."
    where = "Password policy of RAM users"
    return [
        Finding(
            "password-policy", "low", where, _lax(name, actual), remedy, name, PASSWORD_ITEMS[name], (), _SET_PASSWORDS
        )
        for name, found in lax.items()
        if found
    ]


_SET_PASSWORDS = "SetPasswordPolicy"


def _lax(name: str, actual: PasswordPolicy) -> str:
    value = getattr(actual, name.replace(" ", "_"))
    told = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else str(value)
    return f"is {told}, less strict than CIS asks for"


def public_bucket(bucket: Bucket | None, bucket_policy: str) -> list[Finding]:
    """Find out whether everybody may reach the bucket, by its ACL or by its policy (R20)."""
    if bucket is None:
        return []
    ways = {"ACL": f"is {bucket.acl}: everybody may read" if bucket.acl != oss.ACL else ""}
    ways["policy"] = "allows something to everybody" if _opens(bucket_policy) else ""
    remedy = "Set the bucket to private and take the statement out of its policy, in the console."
    where = f"OSS bucket {bucket.name}"
    return [
        Finding("public-bucket", "high", where, what, remedy, field, "5.1", (bucket.name,))
        for field, what in ways.items()
        if what
    ]


def _opens(text: str) -> bool:
    try:
        return bool(text) and bucket_policy.opens_to_everybody(text)
    except (Unmet, RecursionError):
        return True  # what nobody can read may say anything


def open_security_groups(groups: Mapping[SecurityGroup, Sequence[Rule]]) -> list[Finding]:
    """Find the rules by which anybody on the internet may come in, and those of which that is not known."""
    found = [_open(group, rule) for group, rules in groups.items() for rule in ecs_rules.open_to_the_world(rules)]
    return found + [_not_judged(group, rule) for group, rules in groups.items() for rule in rules if rule.is_not_judged]


def _not_judged(group: SecurityGroup, rule: Rule) -> Finding:
    where = f"Security group {group.security_group_id}"
    what = f"lets in whom a prefix list names, which is not judged: {rule}"
    remedy = "Look at the prefix list's networks in the VPC console."
    names = (group.security_group_id,)
    return Finding("open-security-group", "low", where, what, remedy, str(rule), names=names)


def _open(group: SecurityGroup, rule: Rule) -> Finding:
    severity: Severity = "high" if any(rule.opens(port) for port in CONTROL_PORTS) else "medium"
    where = f"Security group {group.security_group_id}"
    remedy = "Name the networks that need it instead, or revoke the rule. Never delete the service's own group (R16)."
    names = (group.security_group_id,)
    return Finding("open-security-group", severity, where, f"lets the world in: {rule}", remedy, str(rule), names=names)


def service_network(
    cluster: str, security_group_id: str, groups: Sequence[SecurityGroup], interfaces: Sequence[NetworkInterface]
) -> list[Finding]:
    """Find out whether what the service made in the VPC is still there (R16)."""
    missing = ecs.service_objects_missing(security_group_id, tuple(groups), tuple(interfaces))
    remedy = "Submit a ticket: without them the cluster can be neither rebuilt nor scaled."
    names = tuple(name for name in (security_group_id,) if name)
    return [
        Finding(
            "service-network", "high", f"Network of cluster {cluster}", f"{each} is gone", remedy, each, names=names
        )
        for each in missing
    ]


@dataclass(frozen=True)
class Term:
    """What was bought, and when it ends in seconds since 1970; None when that is not told."""

    what: str
    name: str
    ends_at: float | None
    renews_itself: bool = False


def expiry(terms: Iterable[Term], now: float, within_days: int) -> list[Finding]:
    """Find what ends soon, or has ended, or may."""
    found = []
    for term in terms:
        if term.ends_at is None:
            found.append(_endless(f"{term.what} {term.name}", "billing does not tell when it ends", (term.name,)))
        elif term.ends_at - now < within_days * 86_400:
            found.append(_ending(term, (term.ends_at - now) / 86_400))
    return found


def order_not_listed(cluster: str, order_id: str, product_code: str) -> list[Finding]:
    """Tell that billing lists no order, so that nobody would be warned of its end."""
    where = f"Order {order_id}" if order_id else f"Order of cluster {cluster}"
    what = f"billing lists none under product code {product_code}, so when it ends is not known"
    return [_endless(where, what, (order_id,) if order_id else ())]


def _endless(where: str, what: str, names: tuple[str, ...]) -> Finding:
    remedy = "Look in the console when it ends; correct cluster.order_product_code or order_id if they are wrong."
    return Finding("order-expiry", "medium", where, what, remedy, "end", names=names)


def _ending(term: Term, days: float) -> Finding:
    what = f"ends in {days:.0f} days" if days >= 0 else f"ended {-days:.0f} days ago"
    severity: Severity = "low" if term.renews_itself and days >= 0 else "high" if days < URGENT_DAYS else "medium"
    told = f"{what}, and renews itself" if term.renews_itself else what
    remedy = "Renew it in the console, or by the deployment for it, before it ends."
    return Finding("order-expiry", severity, f"{term.what} {term.name}", told, remedy, "end", names=(term.name,))


def free_addresses(vswitches: Sequence[VSwitch], nodes: int) -> list[Finding]:
    """Find out whether the next scale-out has an address for each node (R19)."""
    free = sum(vswitch.free_addresses for vswitch in vswitches)
    if not vswitches or free >= nodes:
        return []
    names = tuple(vswitch.vswitch_id for vswitch in vswitches)
    what = f"{free} free addresses, the next scale-out takes {nodes}"
    remedy = "Free addresses in the vSwitches, or plan the scale-out smaller (audit.next_scale_out)."
    return [Finding("free-addresses", "medium", f"vSwitch {', '.join(names)}", what, remedy, names=names)]


def compute_units(where: str, shares: Mapping[str, float], total: float) -> list[Finding]:
    """Find out whether projects or namespaces have more compute units than there are (R23)."""
    given = sum(shares.values())
    if given <= total:
        return []
    listed = ", ".join(f"{name} {units:g}" for name, units in shares.items())
    remedy = "Give the projects fewer compute units, or scale out."
    return [
        Finding("compute-units", "high", where, f"{given:g} CUs are given away ({listed}), it has {total:g}", remedy)
    ]
