"""What Ansible does of it: a playbook with the modules of Alibaba Cloud, for the parts that these have.

They have people, VPC, vSwitch and bucket; orders, clusters, workspaces and projects they have not. A host of the
inventory is an environment, so that Ansible works on all of them at once.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

from benchmarks.fleet_world import REGION, ZONE, member
from blocks import desired
from blocks.environment import Environment
from deployments.demo import EMULATOR_KEY
from deployments.local import ROOT

WAY = "an Ansible playbook, without service role, cluster and project"
PARTS = (  # of `prepare`, which are the same
    *("ensure_user", "ensure_group", "ensure_members", "ensure_policy", "ensure_attachments"),
    *("ensure_vpc", "ensure_vswitch", "ensure_bucket"),
)
FOLDER = Path(__file__).parent / "ansible"
HOME = ROOT / "build" / "ansible"


def installed() -> bool:
    """Install Ansible and the modules in a folder of their own, unless they are there; say whether it could be done."""
    done = HOME / "installed"
    if done.exists() and done.read_text("utf-8") == _wanted():
        return True
    venv.create(HOME, with_pip=True, clear=True)
    command = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(FOLDER / "requirements.txt")]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        return False
    done.write_text(_wanted(), "utf-8")
    return True


def _wanted() -> str:
    return (FOLDER / "requirements.txt").read_text("utf-8")


def prepare_by_playbook(url: str, mode: str, count: int) -> dict[str, Any]:
    """Run the playbook, and say what it took. CPU is that of one environment, memory that of the largest process.

    Raises:
        SystemExit: a task has failed.
    """
    inventory = HOME / "inventory.json"
    hosts = {each["bucket"]: each for each in (_facts(mode, number) for number in range(1, count + 1))}
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), "utf-8")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [HOME / "bin" / "ansible-playbook", "-i", inventory, "--forks", str(count), FOLDER / "playbook.yaml"],
        env=_environment(url),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"the playbook has failed:\n{done.stdout[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"way": WAY, "seconds": seconds, "cpu": cpu / count, "peak_mib": after.ru_maxrss / 1024}


def _facts(mode: str, number: int) -> dict[str, Any]:
    wanted = Environment.model_validate(member(mode, number))
    policy, vswitch = desired.accesses(wanted)[0].policy, wanted.network.vswitches[0]
    return {
        "group": wanted.people.groups[0].name,
        "users": [user.name for user in wanted.people.users],
        "policy": policy.name,
        "document": policy.document,
        "vpc_name": wanted.network.vpc.name,
        "vpc_cidr": wanted.network.vpc.cidr,
        "vswitch_name": vswitch.name,
        "vswitch_cidr": vswitch.cidr,
        "zone": ZONE,
        "bucket": wanted.storage.bucket,
    }


def _environment(url: str) -> dict[str, str]:
    (modules,) = HOME.glob("lib/python3*/site-packages/ansible/modules/cloud/alicloud")
    key_id, secret = EMULATOR_KEY.values()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(HOME),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(FOLDER),
        "EMULATOR_URL": url,
        "ANSIBLE_LIBRARY": str(modules),
        "ANSIBLE_HOME": str(HOME / "state"),
        "ALICLOUD_REGION": REGION,
        "ALICLOUD_ACCESS_KEY": key_id,
        "ALICLOUD_SECRET_KEY": secret,
    }


if __name__ == "__main__":
    print(json.dumps(prepare_by_playbook(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
