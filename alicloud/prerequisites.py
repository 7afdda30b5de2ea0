"""What Realtime Compute needs of the other products: roles, policies, names, and where people click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alicloud import policy
from alicloud.ram_account import PasswordPolicySpec, SecurityPreferenceSpec

EXCLUSIVE_ROLE = "AliyunStreamDefaultRole"
EXCLUSIVE_ROLE_POLICY = "AliyunStreamRolePolicy"  # System
EXCLUSIVE_CUSTOM_POLICY = "AliyunStreamDefaultRolePolicy"  # Custom
EXCLUSIVE_CUSTOM_POLICY_NOTE = "VPC and ECS for exclusive clusters of Realtime Compute."
OSS_FULL_ACCESS = "AliyunOSSFullAccess"  # System

MANAGED_ROLE = "AliyunStreamAsiDefaultRole"
# System. UNCONFIRMED: the vendor's help page prints the first one without its last letter.
MANAGED_ROLE_POLICIES = ("AliyunStreamAsiDefaultRolePolicy", "AliyunDLFFullAccess")

# UNCONFIRMED: no public source shows the service principals. A role that the console made trusts the true one, so
# use these only where a role is made by API, and let the environment say another.
DEFAULT_EXCLUSIVE_SERVICE = "stream.aliyuncs.com"
DEFAULT_MANAGED_SERVICE = "stream.aliyuncs.com"
# UNCONFIRMED: names of Realtime Compute, by its products' codes, that a role which the console made may trust.
EXCLUSIVE_SERVICES = (DEFAULT_EXCLUSIVE_SERVICE, "foas.aliyuncs.com")
MANAGED_SERVICES = (DEFAULT_MANAGED_SERVICE, "stream-asi.aliyuncs.com", "foasconsole.aliyuncs.com")

# A strong start for RAM: 12 of four kinds, replaced each quarter, the last 5 not again, 5 attempts.
STRONG_PASSWORD_POLICY = PasswordPolicySpec(
    minimum_length=12,
    require_lowercase=True,
    require_uppercase=True,
    require_numbers=True,
    require_symbols=True,
    max_age_days=90,
    reuse_prevention=5,
    max_attempts=5,
)
# People replace their initial password and bind their second factor themselves; keys are not theirs to make.
STRONG_SECURITY_PREFERENCE = SecurityPreferenceSpec(
    allow_user_to_change_password=True,
    allow_user_to_manage_access_keys=False,
    allow_user_to_manage_mfa_devices=True,
    enable_save_mfa_ticket=False,
    login_session_hours=6,
)

# What the role may do, by product; all on `*`. Source: "Realtime Compute Preparation", version 20220125.
_ROLE_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "ots": ("List*", "DescribeTable", "Get*", "*Row"),
    "dhs": ("Create*", "List*", "Get*", "PutRecords", "DeleteTopic"),
    "log": ("List*", "Get*", "Post*"),
    "mns": ("List*", "Get*", "Send*", "Publish*", "Subscribe"),
    "drds": ("DescribeDrdsInstance", "ModifyDrdsIpWhiteList"),
    "rds": ("Describe*", "ModifySecurityIps*"),
    "vpc": ("DescribeVpcs", "DescribeVSwitches"),
    "ecs": (
        "CreateSecurityGroup",
        "AuthorizeSecurityGroup",
        "CreateNetworkInterface",
        "DescribeNetworkInterfaces",
        "AttachNetworkInterface",
        "DescribeNetworkInterfacePermissions",
        "CreateNetworkInterfacePermission",
    ),
    "oss": ("*",),
}
# Needed only while a cluster is created.
CREATION_ACTIONS = ("ecs:CreateSecurityGroup", "ecs:AuthorizeSecurityGroup")


def role_policy_document() -> str:
    """Write what policy AliyunStreamRolePolicy allows.

    Source: "Realtime Compute Preparation", version 20220125.
    """
    return policy.document(policy.statement(_role_actions(product)) for product in _ROLE_ACTIONS)


def exclusive_policy_document(open_for_creation: bool) -> str:
    """Write custom policy AliyunStreamDefaultRolePolicy: the network, and nothing else.

    Args:
        open_for_creation: whether a security group may be created and opened, which only a new cluster needs.

    Source: "Realtime Compute Preparation", version 20220125.
    """
    withheld = () if open_for_creation else CREATION_ACTIONS
    allowed = {product: [a for a in _role_actions(product) if a not in withheld] for product in ("vpc", "ecs")}
    return policy.document(policy.statement(actions) for actions in allowed.values())


def people_policy_document(projects: Sequence[str]) -> str:
    """Write the policy of people who use Realtime Compute.

    Args:
        projects: the projects they may use; ("*",) for all.

    Source: "Realtime Compute Preparation", version 20220125.
    """
    names = ("*",) if "*" in projects else projects
    return policy.document(
        [
            policy.statement("stream:*", [f"acs:stream:*:*:{name}" for name in names]),
            policy.statement("ram:PassRole", "acs:ram:*:*:*"),
        ]
    )


def trust_policy(*services: str) -> str:
    """Write the trust policy of a role for services, e.g. stream.aliyuncs.com. Source: RAM 2015-05-01, CreateRole."""
    principal = {"Service": list(services)}
    return policy.document([{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}])


def logon_url(account_id: str, alias: str, region: str) -> str:
    """Give the address where RAM users of the account log on.

    Source: RAM, log on as a RAM user (signin.alibabacloud.com/<default domain>/login.htm). UNCONFIRMED: the same
    form on the China site; that an account without an alias uses its id.
    """
    return f"https://signin.{_site(region)}/{alias or account_id}.onaliyun.com/login.htm"


def authorize_page(role: str, region: str = "cn-hangzhou") -> str:
    """Give the page that leads to Authorize, which the console shows as long as the role is missing.

    UNCONFIRMED: the address of the Authorize page itself; it carries a template id that is not published.
    """
    return _realtime_compute(region, "managed" if role == MANAGED_ROLE else "exclusive")


def console_links(region: str, mode: str, account: str) -> dict[str, str]:
    """Give the pages that an operator needs, by what they show.

    Args:
        region: where the environment is.
        mode: exclusive or managed.
        account: the id of the Alibaba Cloud account.

    UNCONFIRMED: the paths below the consoles' hosts.
    """
    site = _site(region)
    role = MANAGED_ROLE if mode == "managed" else EXCLUSIVE_ROLE
    return {
        "RAM user logon": logon_url(account, "", region),
        "RAM users": f"https://ram.console.{site}/users",
        "RAM roles": f"https://ram.console.{site}/roles/{role}",
        "VPC": f"https://vpc.console.{site}/vpc/{region}/vpcs",
        "OSS": f"https://oss.console.{site}/bucket",
        "Realtime Compute": _realtime_compute(region, mode),
        "Authorize": authorize_page(role, region),
    }


def _role_actions(product: str) -> list[str]:
    return [f"{product}:{action}" for action in _ROLE_ACTIONS[product]]


def _realtime_compute(region: str, mode: str) -> str:
    page = "cell" if mode == "managed" else "cluster"
    return f"https://realtime-compute.console.{_site(region)}/console/{page}?region={region}"


def _site(region: str) -> str:
    return "aliyun.com" if region.startswith("cn-") else "alibabacloud.com"
