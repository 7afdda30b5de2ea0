"""What people do without us: a plain script with the vendor's SDK, one environment after the other.

It makes what a fleet's environment has and waits for its cluster, checks nothing beforehand and cannot be run twice.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import oss2
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from alicloud.foasconsole import order_parameters
from benchmarks.fleet_world import REGION, ZONE, member
from blocks import desired
from blocks.environment import Environment, Vpc
from deployments.demo import EMULATOR_KEY
from deployments.local import ROOT

POLL_SECONDS = 20.0  # of the cloud's time


def prepare_one_after_the_other(url: str, mode: str, count: int, speed: float) -> dict[str, Any]:
    """Run the script in a process of its own, and say what it took."""
    command = [sys.executable, "-m", "benchmarks.fleet_script", url, mode, str(count), str(speed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


class Script:
    """Asks the cloud through aliyun-python-sdk-core and oss2."""

    def __init__(self, url: str, speed: float) -> None:
        self.url, self.speed = url, speed
        self.keys = tuple(EMULATOR_KEY.values())
        self.client = AcsClient(*self.keys, REGION)
        self.groups: set[str] = set()

    def ask(self, product: str, version: str, action: str, path: str = "", method: str = "POST", **facts: Any) -> Any:
        request = CommonRequest(product=product, version=version, action_name=action)
        request.set_endpoint(self.url)
        request.set_protocol_type("http")
        request.set_method(method)
        if path:
            request.set_uri_pattern(path)
        for name, value in facts.items():
            request.add_query_param(name, str(value))
        return json.loads(self.client.do_action_with_exception(request))

    def ram(self, action: str, **facts: Any) -> Any:
        return self.ask("Ram", "2015-05-01", action, **facts)

    def vpc(self, action: str, **facts: Any) -> Any:
        return self.ask("Vpc", "2016-04-28", action, RegionId=REGION, **facts)

    def until(self, ready: Callable[[], bool], seconds: float) -> None:
        while not ready():
            time.sleep(seconds / self.speed)

    def service(self, wanted: Environment) -> None:
        trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["stream.aliyuncs.com"]}}
        document, wish = {"Version": "1", "Statement": [trust]}, desired.service_policies(wanted)
        self.ram("CreateRole", RoleName=wish.principal, AssumeRolePolicyDocument=json.dumps(document))
        for policy in wish.policies:
            if policy.type == "Custom":
                text = desired.exclusive_policy(True).document
                self.ram("CreatePolicy", PolicyName=policy.name, PolicyDocument=text)
            facts = {"PolicyType": policy.type, "PolicyName": policy.name}
            self.ram("AttachPolicyToRole", RoleName=wish.principal, **facts)

    def network(self, wish: Vpc) -> str:
        vpc_id = str(self.vpc("CreateVpc", VpcName=wish.name, CidrBlock=wish.cidr)["VpcId"])
        self.until(lambda: self.vpc("DescribeVpcs", VpcId=vpc_id)["Vpcs"]["Vpc"][0]["Status"] == "Available", 1.0)
        return vpc_id

    def environment(self, wanted: Environment) -> None:
        vpc_id = self.network(wanted.network.vpc)  # so few environments have one each
        group = wanted.people.groups[0].name
        if group not in self.groups:  # which environments share
            self.groups.add(group)
            self.ram("CreateGroup", GroupName=group)
        for user in wanted.people.users:
            self.ram("CreateUser", UserName=user.name)
            self.ram("AddUserToGroup", UserName=user.name, GroupName=group)
        policy = desired.accesses(wanted)[0].policy
        self.ram("CreatePolicy", PolicyName=policy.name, PolicyDocument=policy.document)
        self.ram("AttachPolicyToGroup", PolicyType="Custom", PolicyName=policy.name, GroupName=group)
        wish = wanted.network.vswitches[0]
        facts = {"ZoneId": ZONE, "CidrBlock": wish.cidr, "VSwitchName": wish.name}
        vswitch_id = self.vpc("CreateVSwitch", VpcId=vpc_id, **facts)["VSwitchId"]
        read = "DescribeVSwitches"
        self.until(
            lambda: self.vpc(read, VSwitchId=vswitch_id)["VSwitches"]["VSwitch"][0]["Status"] == "Available", 1.0
        )
        oss2.Bucket(oss2.AuthV4(*self.keys), self.url, wanted.storage.bucket, region=REGION).create_bucket("private")
        (self.exclusive if wanted.cluster.mode == "exclusive" else self.managed)(wanted, vpc_id, vswitch_id)

    def exclusive(self, wanted: Environment, vpc_id: str, vswitch_id: str) -> None:
        foas = partial(self.ask, "foas", "2018-11-11")
        facts = {"orderId": getattr(wanted.cluster, "order_id", ""), "displayName": wanted.cluster.name}
        facts |= {"description": "Fleet", "userOssBucket": wanted.storage.bucket}
        facts |= {"userVpcId": vpc_id, "userVSwitch": vswitch_id, "zoneId": ZONE}
        made = foas("CreateCluster", "/api/v2/clusters", **facts)["ClusterId"]
        path = f"/api/v2/clusters/{made}/details"
        read = "GetClusterDetails"
        self.until(lambda: foas(read, path, "GET")["Details"]["State"] == "RUNNING", POLL_SECONDS)
        project = {"deployType": "cell", "name": wanted.projects[0].name, "clusterId": made, "description": "Fleet"}
        foas("CreateProject", "/api/v2/projects", **project)

    def managed(self, wanted: Environment, vpc_id: str, vswitch_id: str) -> None:
        console = partial(self.ask, "foasconsole", "2021-10-28")
        spec = desired.workspace(wanted, vpc_id, [vswitch_id])
        place = {"InstanceName": spec.name, "VpcId": vpc_id, "ZoneId": ZONE}
        made = console("CreateInstance", **order_parameters(spec), **place)["OrderInfo"]["InstanceId"]

        def ready() -> bool:
            rows = console("DescribeInstances", method="GET", Region=REGION, InstanceId=made)["Instances"]
            return bool(rows) and rows[0]["ClusterStatus"] == "RUNNING"

        self.until(ready, POLL_SECONDS)
        size = json.dumps({"Cpu": 4, "MemoryGB": 16})
        name = wanted.projects[0].name
        console("CreateNamespace", Region=REGION, InstanceId=made, Namespace=name, ResourceSpec=size)


def main() -> int:
    url, mode, count, speed = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    script, began = Script(url, speed), time.monotonic()
    script.service(Environment.model_validate(member(mode, 1)))
    for number in range(1, count + 1):
        script.environment(Environment.model_validate(member(mode, number)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (used.ru_utime + used.ru_stime) / count
    facts = {"seconds": time.monotonic() - began, "cpu": cpu, "peak_mib": used.ru_maxrss / 1024}
    print(json.dumps({"way": "a script, one after the other", **facts}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
