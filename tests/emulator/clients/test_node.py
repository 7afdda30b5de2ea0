"""The vendor's clients for Node, unmodified: what each of them saw of the emulator, and what the emulator noted."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.client import Identity, Running
from tests.emulator.test_documentation import ADDRESS, blocks, promised, title

SCRIPTS = Path(__file__).parent / "node"
ROOT = Path(__file__).parents[3]
IN_CI = os.environ.get("CI", "").lower() == "true"


def unavailable(reason: str) -> None:
    """Skip, but fail in CI: there the clients for Node are part of the proof."""
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def installed() -> Path:
    """The clients of the lock file, installed once per lock file, in a folder that git does not see."""
    if not shutil.which("node") or not shutil.which("npm"):
        unavailable("the clients for Node need node and npm, which are not installed")
    manifest = [SCRIPTS / "package.json", SCRIPTS / "package-lock.json"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in manifest)).hexdigest()[:16]
    folder = ROOT / ".state" / "node-clients" / digest
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for path in manifest:
                shutil.copy(path, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
            if result.returncode:
                unavailable(f"npm ci cannot install the clients for Node: {result.stderr[-2000:]}")
            (folder / "installed").touch()
    return folder


@dataclass(frozen=True)
class Node:
    """Runs the scripts where the clients are installed, beside copies of themselves."""

    folder: Path
    emulator: Running
    powerless: Identity
    powerful: Identity

    def run(self, script: str, **more: Any) -> Any:
        given = {
            "url": self.emulator.url,
            "account": self.emulator.cloud.world.account_id,
            "id": self.emulator.cloud.access_key_id,
            "secret": self.emulator.cloud.access_key_secret,
            "powerless": {"id": self.powerless.access_key_id, "secret": self.powerless.secret},
            "powerful": {"id": self.powerful.access_key_id, "secret": self.powerful.secret},
        }
        command = ["node", script, json.dumps(given | more)]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def calls(self, **wanted: Any) -> list[dict[str, Any]]:
        """The calls that the emulator noted of the script, not those that prepared the world."""
        calls = self.emulator.cloud.calls.since()
        return [call for call in calls if all(call[name] == value for name, value in wanted.items())]


@pytest.fixture
def node(installed: Path, emulator: Running, tmp_path: Path) -> Node:
    """A world with a running cluster, a user who may do nothing and one who may do all."""
    emulator.control("POST", "reset", {"seed": "everything"})
    powerless, powerful = emulator.user("powerless"), emulator.user("powerful", "AdministratorAccess")
    emulator.cloud.calls.clear()
    for script in SCRIPTS.glob("*.mjs"):
        shutil.copy(script, tmp_path)
    (tmp_path / "node_modules").symlink_to(installed / "node_modules")
    return Node(tmp_path, emulator, powerless, powerful)


def http_calls(node: Node, product: str) -> list[tuple[str, int]]:
    return [(call["action"], call["status"]) for call in node.calls(product=product)]


def assert_refused(seen: dict[str, Any], expected: dict[str, tuple[int, str]], status: str) -> None:
    """Each refusal has its code and status, and an error of its own: no two bear the same request id."""
    found = {name: (_status(seen[name], status), seen[name]["code"]) for name in expected}
    assert found == expected
    request_ids = [_request_id(seen[name]) for name in expected]
    assert all(request_ids)
    assert len(set(request_ids)) == len(request_ids)


def _status(refusal: dict[str, Any], name: str) -> int:
    return refusal[name] if name in refusal else refusal["data"][name]


def _request_id(refusal: dict[str, Any]) -> str:
    body = refusal.get("data") or refusal.get("result") or {}
    return refusal.get("requestId") or body["RequestId"]


def test_the_ram_client_sees_people_pages_and_refusals(node: Node):
    seen = node.run("ram.mjs")

    assert seen["created"]["User"]["DisplayName"] == "Ada 李雷"
    assert seen["read"]["User"]["Comments"] == "a+b&c=d *~"
    assert seen["read"]["User"]["UserId"] == seen["created"]["User"]["UserId"]
    assert seen["updated"]["User"]["Email"] == "ada@example.com"
    assert [len(page) for page in seen["pages"][:-1]] == [2] * (len(seen["pages"]) - 1)
    listed = [name for page in seen["pages"] for name in page]
    assert {"ada", "ben", "eve"} <= set(listed)
    assert len(listed) == len(set(listed))
    assert [group["GroupName"] for group in seen["groups"]["Groups"]["Group"]] == ["people"]
    assert [policy["PolicyName"] for policy in seen["attached"]["Policies"]["Policy"]] == ["jobs"]
    assert [group["GroupName"] for group in seen["entities"]["Groups"]["Group"]] == ["people"]
    assert json.loads(seen["version"]["PolicyVersion"]["PolicyDocument"])["Statement"][0]["Action"] == "stream:*"
    assert seen["role"]["Role"]["Arn"] == f"acs:ram::{node.emulator.cloud.world.account_id}:role/flink"
    assert seen["key"]["AccessKey"]["AccessKeySecret"]
    assert [key["AccessKeyId"] for key in seen["keys"]["AccessKeys"]["AccessKey"]] == [
        seen["key"]["AccessKey"]["AccessKeyId"]
    ]
    assert seen["password_policy"]["PasswordPolicy"]["MinimumPasswordLength"] == 12
    refusals = {
        "twice": (409, "EntityAlreadyExists.User"),
        "absent": (404, "EntityNotExist.User"),
        "conflict": (409, "DeleteConflict.User.Group"),
        "malformed": (400, "MalformedPolicyDocument"),
        "missing": (400, "MissingUserName"),
        "wrong_secret": (400, "SignatureDoesNotMatch"),
        "unknown_key": (404, "InvalidAccessKeyId.NotFound"),
        "no_rights": (403, "NoPermission"),
        "gone": (404, "EntityNotExist.User"),
    }
    assert_refused(seen, refusals, "statusCode")
    assert seen["no_rights"]["accessDeniedDetail"]["AuthAction"] == "ram:ListUsers"
    assert {call["caller"] for call in node.calls(action="CreateUser")} == {
        f"acs:ram::{node.emulator.cloud.world.account_id}:root"
    }


def absent(reply: Any, modelled: Any, path: str = "") -> set[str]:
    """Name what a reply has and the client's model of it has not, or has otherwise."""
    if isinstance(reply, dict) and isinstance(modelled, dict):
        found = (absent(value, modelled.get(name), f"{path}.{name}") for name, value in reply.items())
        return set().union(*found)
    if isinstance(reply, list) and isinstance(modelled, list) and len(reply) == len(modelled):
        return set().union(*(absent(*pair, f"{path}[]") for pair in zip(reply, modelled, strict=True)))
    return set() if reply == modelled else {path.removeprefix(".")}


def test_the_ram_client_loses_no_field_that_its_version_knows(node: Node):
    seen = node.run("ram.mjs")

    lost = {loss["action"]: absent(loss["reply"], loss["modelled"]) for loss in seen["lost"]}
    # These came with later versions of the API's description: the Python client 1.3.0 has them, this one not yet.
    assert lost == {"CreateRole": {"Role.AllowConsoleLogin"}, "ListRoles": {"Roles.Role[].AllowConsoleLogin"}}


def test_the_vpc_client_sees_networks_tokens_and_refusals(node: Node):
    seen = node.run("vpc.mjs")

    assert seen["again"]["VpcId"] == seen["created"]["VpcId"]
    assert [seen[name]["Status"] for name in ("pending", "available")] == ["Pending", "Available"]
    assert [page["TotalCount"] for page in seen["pages"]] == [3, 3]
    assert [[vswitch["VSwitchName"] for vswitch in page["VSwitches"]["VSwitch"]] for page in seen["pages"]] == [
        ["vsw-1", "vsw-2"],
        ["vsw-3"],
    ]
    assert [vpc["Description"] for vpc in seen["vpcs"]["Vpcs"]["Vpc"]] == ["for Flink"]
    assert "cn-hangzhou-h" in [zone["ZoneId"] for zone in seen["zones"]["Zones"]["Zone"]]
    assert seen["left"]["Vpcs"]["Vpc"] == []
    refusals = {
        "mismatch": (400, "IdempotentParameterMismatch"),
        "overlap": (400, "InvalidCidrBlock.Overlapped"),
        "dependency": (400, "DependencyViolation.VSwitch"),
        "absent": (404, "InvalidVpcId.NotFound"),
        "wrong_secret": (400, "SignatureDoesNotMatch"),
        "no_rights": (403, "Forbidden.RAM"),
    }
    assert_refused(seen, refusals, "statusCode")
    assert seen["lost"] == []
    assert [call["status"] for call in node.calls(action="CreateVpc")] == [200, 200, 400]


def test_the_core_client_speaks_rpc(node: Node):
    seen = node.run("pop_core.mjs")

    assert seen["created"]["User"]["Comments"] == "it's (a+b)&c=d *~!"
    assert seen["read"]["User"] == seen["lower_case"]["User"]
    assert seen["session"]["Arn"].endswith(":role/reader/node")
    assert seen["session_reads"]["User"]["UserName"] == "ada"
    (vpc,) = seen["vpcs"]["Vpcs"]["Vpc"]
    assert vpc["Tags"]["Tag"] == [{"Key": "team", "Value": "flink"}, {"Key": "stage", "Value": "test"}]
    assert "cn-hangzhou" in [region["Region"] for region in seen["regions"]["Regions"]]
    assert [workspace["InstanceName"] for workspace in seen["workspaces"]["Instances"]] == ["flink-managed"]
    refusals = {
        "twice": (409, "EntityAlreadyExists.User"),
        "absent": (404, "EntityNotExist.User"),
        "no_such_action": (404, "InvalidAction.NotFound"),
        "no_such_version": (400, "InvalidVersion"),
        "wrong_secret": (400, "SignatureDoesNotMatch"),
        "no_rights": (403, "NoPermission"),
        "session_writes": (403, "NoPermission"),
        "no_token": (400, "MissingSecurityToken"),
        "no_workspace": (200, "InstanceNotFound"),
    }
    assert_refused(seen, refusals, "http")
    assert {call["method"] for call in node.calls(product="Ram", action="GetUser")} == {"GET"}
    assert {call["method"] for call in node.calls(product="Ram", action="CreateUser")} == {"POST"}


def test_the_core_client_speaks_roa(node: Node):
    seen = node.run("pop_core.mjs")

    assert [cluster["State"] for cluster in seen["clusters"]["Clusters"]["Cluster"]] == ["RUNNING"]
    assert seen["project_read"]["Project"]["Description"] == "数据"
    assert seen["clusters_xml"]["ListClusterResponse"]["TotalCount"] == ["1"]
    refusals = {
        "project_gone": (404, "ProjectNotFound"),
        "no_such_path": (404, "InvalidApi.NotFound"),
        "roa_wrong_secret": (400, "SignatureDoesNotMatch"),
        "roa_no_rights": (403, "Forbidden.RAM"),
    }
    assert_refused(seen, refusals, "statusCode")
    assert seen["project_gone_xml"]["code"] == "ProjectNotFound"
    assert http_calls(node, "foas") == [
        ("ListCluster", 200),
        ("ListCluster", 200),
        ("CreateQueue", 200),
        ("CreateProject", 200),
        ("BindQueue", 200),
        ("GetProject", 200),
        ("UnbindQueue", 200),
        ("DeleteProject", 200),
        ("GetProject", 404),
        ("ListCluster", 400),
        ("ListCluster", 403),
        ("ListCluster", 200),
        ("GetProject", 404),
    ]


def test_the_generic_client_calls_either_style_with_either_signature(node: Node):
    seen = node.run("openapi_client.mjs")

    assert seen["created"]["statusCode"] == 200
    assert seen["created"]["body"]["User"]["DisplayName"] == "Ada 李雷"
    assert seen["identity"]["body"]["IdentityType"] == "Account"
    assert seen["no_workspace"]["body"]["Success"] is False
    assert seen["old_rpc"]["body"]["User"]["UserName"] == "ada"
    assert seen["project_read"]["body"]["Project"] == seen["old_roa"]["body"]["Project"]
    assert seen["old_roa_form"]["statusCode"] == 200
    refusals = {
        "twice": (409, "EntityAlreadyExists.User"),
        "no_such_action": (404, "InvalidAction.NotFound"),
        "no_such_version": (400, "InvalidVersion"),
        "wrong_secret": (400, "SignatureDoesNotMatch"),
        "no_rights": (403, "NoPermission"),
        "project_absent": (404, "ProjectNotFound"),
        "project_absent_xml": (404, "ProjectNotFound"),
    }
    assert_refused(seen, refusals, "statusCode")
    assert http_calls(node, "foas") == [
        ("ListCluster", 200),
        ("CreateProject", 200),
        ("CreateQueue", 200),
        ("GetProject", 200),
        ("GetProject", 404),
        ("GetProject", 404),
        ("GetProject", 200),
        ("UpdateProject", 200),
    ]


@pytest.mark.parametrize("address", ["ip", "host", "path"])
@pytest.mark.parametrize("v4", [False, True], ids=["v1", "v4"])
def test_the_oss_client_sees_buckets_and_objects(node: Node, v4: bool, address: str):
    seen = node.run("ali_oss.mjs", v4=v4, by=address, bucket="node-bucket")

    assert (seen["created"], seen["location"], seen["listed"]) == (200, "oss-cn-hangzhou", ["node-bucket"])
    assert (seen["info"]["Name"], seen["info"]["StorageClass"]) == ("node-bucket", "Standard")
    assert (seen["acl"], seen["acl_put"], seen["acl_after"]) == ("private", 200, "public-read")
    assert (seen["unversioned"], seen["versioned"]) == (None, "Enabled")
    assert (seen["tags"], seen["encryption"]) == ({"team": "flink"}, {"SSEAlgorithm": "AES256"})
    assert [rule["id"] for rule in seen["lifecycle"]] == ["old"]
    assert seen["policy"]["Statement"][0]["Action"] == ["oss:GetObject"]
    md5 = hashlib.md5(b"first").hexdigest().upper()
    assert (seen["put"]["status"], seen["put"]["etag"]) == (200, f'"{md5}"')
    assert (seen["got"], seen["range"]) == ("first", [206, "irs"])
    assert seen["head"] == {"meta": {"author": "ada"}, "type": "application/java-archive", "size": "5"}
    assert (seen["versions"], seen["former"], seen["copy"]) == ([True, False], "first", "second")
    assert seen["list_v2"] == [["data/1", "data/2"], ["data/3"]]
    assert (seen["folders"], seen["list_v1"]) == (["data/", "udf/"], [2, True, "data/2"])
    assert (seen["appended"], seen["log"]) == (["3", "5"], ["hello", "Appendable", "5"])
    assert (seen["multipart"]["etag"][-3:], seen["large"]) == ('-3"', True)
    assert (seen["uploads"], seen["aborted"]) == (["abandoned"], 204)
    assert (seen["deleted"], seen["emptied"], seen["bucket_deleted"]) == (204, True, 204)
    refusals = {
        "forbidden_overwrite": (409, "FileAlreadyExists"),
        "no_key": (404, "NoSuchKey"),
        "no_key_head": (404, "NoSuchKey"),
        "no_bucket": (404, "NoSuchBucket"),
        "stale_position": (409, "PositionNotEqualToLength"),
        "not_appendable": (409, "ObjectNotAppendable"),
        "not_empty": (409, "BucketNotEmpty"),
        "wrong_secret": (403, "SignatureDoesNotMatch"),
        "unknown_key": (403, "InvalidAccessKeyId"),
        "no_rights": (403, "AccessDenied"),
        "gone": (404, "NoSuchKey"),
    }
    assert_refused(seen, refusals, "status")


@pytest.mark.parametrize("v4", [False, True], ids=["v1", "v4"])
def test_addresses_that_the_oss_client_signed_serve_those_who_have_no_key(node: Node, v4: bool):
    seen = node.run("ali_oss.mjs", v4=v4, by="host", bucket="node-bucket")

    assert seen["signed_get"] == [200, "second"]
    assert seen["signed_put"] == [200, ""]
    if not v4:
        assert seen["expired"][0] == 403
        assert "Request has expired." in seen["expired"][1]


@pytest.mark.parametrize("snippet", blocks("js"), ids=title)
def test_the_snippets_for_node_run(node: Node, snippet: str):
    node.emulator.control("POST", "reset")
    address = node.emulator.url.removeprefix("http://")
    (node.folder / "snippet.mjs").write_text(snippet.replace(ADDRESS, address))

    result = subprocess.run(
        ["node", "snippet.mjs"], cwd=node.folder, capture_output=True, text=True, timeout=60, check=False
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == promised(snippet) != []
