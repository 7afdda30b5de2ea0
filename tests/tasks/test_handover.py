"""How a one-time password gets out: once, before it counts, and readable for nobody but its owner."""

import os
import stat
from pathlib import Path

import pyrage
import pytest

from alicloud import ram
from alicloud.errors import Misconfigured
from alicloud.redaction import redact
from blocks.people import Handover
from emulator import passwords
from emulator.ram import State
from tasks import handover as channel
from tasks.handover import one_time, place
from tasks.ram_user import ensure_logon, ensure_user

KEY = pyrage.x25519.Identity.generate()
FILE = Handover(channel="file", public_key=str(KEY.to_public()))


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """The project's folder, where flows run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Blocks:
    """Prefect's Secret blocks, as far as a hand-over needs them; the real ones are used in tests/flows."""

    kept: dict[str, str] = {}

    def __init__(self, value):
        self.value = value

    @classmethod
    def load(cls, name):
        if name not in cls.kept:
            raise ValueError(name)
        return cls(cls.kept[name])

    def get(self):
        return self.value

    def save(self, name):
        self.kept[name] = self.value.get_secret_value()


@pytest.fixture
def blocks(monkeypatch):
    monkeypatch.setattr(Blocks, "kept", {})
    monkeypatch.setattr(channel, "Secret", Blocks)
    return Blocks.kept


def opened(path):
    return pyrage.decrypt(path.read_bytes(), [KEY]).decode()


def files(project):
    return sorted(path.name for path in (project / "handover").iterdir())


def test_a_file_is_for_the_owner_of_the_key_alone(project):
    material = one_time("logon-alice", FILE, lambda: "first-password")

    path = project / "handover" / "logon-alice.age"
    assert material == opened(path) == "first-password"
    assert b"first-password" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.generate()])


def test_a_loose_umask_makes_no_file_readable_to_others(project):
    before = os.umask(0)
    try:
        one_time("logon-alice", FILE, lambda: "first-password")
    finally:
        os.umask(before)

    assert stat.S_IMODE((project / "handover" / "logon-alice.age").stat().st_mode) == 0o600


def test_an_earlier_file_is_never_overwritten(project):
    drawn = iter(["first-password", "second-password", "third-password"])

    materials = [one_time("logon-alice", FILE, lambda: next(drawn)) for _ in range(3)]

    names = ["logon-alice.age", "logon-alice.2.age", "logon-alice.3.age"]
    assert files(project) == sorted(names)
    assert [opened(project / "handover" / name) for name in names] == materials
    assert len(set(materials)) == 3


def test_a_file_is_on_disk_before_its_password_is_used(project, monkeypatch):
    synced = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    )

    one_time("logon-alice", FILE, lambda: "first-password")

    folder = project / "handover"
    assert synced == [str(folder / "logon-alice.age"), str(folder)]


def test_a_link_leads_no_password_out_of_the_project(project, tmp_path_factory):
    (project / "handover").symlink_to(tmp_path_factory.mktemp("elsewhere"))

    with pytest.raises(Misconfigured, match=r"handover of people\.handover lies outside"):
        one_time("logon-alice", FILE, lambda: "first-password")


def test_a_link_in_the_place_of_the_file_is_not_followed(project):
    (project / "handover").mkdir()
    (project / "handover" / "logon-alice.age").symlink_to(project / "elsewhere")

    one_time("logon-alice", FILE, lambda: "first-password")

    assert not (project / "elsewhere").exists()
    assert opened(project / "handover" / "logon-alice.2.age") == "first-password"


def test_a_folder_that_cannot_be_written_to_is_told_with_remedy(project):
    (project / "handover").write_text("a file")

    with pytest.raises(
        Misconfigured, match=r"cannot be written to \(File exists\)\. Let the worker's user write there"
    ):
        one_time("logon-alice", FILE, lambda: "first-password")


def test_a_secret_block_is_used_again_after_a_crash(blocks):
    first = one_time("logon-alice", Handover(), lambda: "first-password")
    again = one_time("logon-alice", Handover(), lambda: "second-password")

    assert first == again == blocks["logon-alice"] == "first-password"


@pytest.mark.parametrize("handover", [Handover(), FILE], ids=["block", "file"])
def test_what_is_handed_over_is_redacted_from_then_on(blocks, handover):
    material = one_time("logon-alice", handover, lambda: f"canary-of-{handover.channel}")

    assert redact(f"with {material}") == "with ***"


def test_what_a_block_holds_from_an_earlier_run_is_redacted_too(blocks):
    blocks["logon-alice"] = "canary-of-an-earlier-run"

    one_time("logon-alice", Handover(), lambda: "")

    assert redact("canary-of-an-earlier-run") == "***"


def test_the_place_is_told_and_nothing_else():
    assert place("logon-alice", Handover()) == "Secret block logon-alice"
    assert place("logon-alice", FILE) == "file handover/logon-alice.age on the worker; of several, the highest number"


@pytest.mark.requirement("R1", "R5")
def test_a_logon_has_the_password_that_was_handed_over_and_a_second_run_hands_over_none(project, account, cloud):
    ensure_user.fn(cloud, ram.UserSpec("alice"))

    for _ in range(2):
        ensure_logon.fn(cloud, "alice", True, "logon-alice", FILE)

    password = opened(project / "handover" / "logon-alice.age")
    assert files(project) == ["logon-alice.age"]
    assert account.writes() == ["CreateUser", "CreateLoginProfile"]
    assert logs_on(account, "alice", password)
    assert password not in str(account.calls()) + str(account.world())


def test_a_lost_answer_leaves_every_password_that_may_count(project, account, cloud):
    ensure_user.fn(cloud, ram.UserSpec("alice"))
    account.fault("refuse", "CreateLoginProfile")
    with pytest.raises(Exception, match="Forbidden"):
        ensure_logon.fn(cloud, "alice", True, "logon-alice", FILE)

    ensure_logon.fn(cloud, "alice", True, "logon-alice", FILE)

    assert files(project) == ["logon-alice.2.age", "logon-alice.age"]
    assert logs_on(account, "alice", opened(project / "handover" / "logon-alice.2.age"))


def logs_on(account, user, password):
    """Say whether the account would let the user in with that password."""
    login = account.cloud.world.part(State).users[user].login
    return passwords.matches(password, login.password_hash)
