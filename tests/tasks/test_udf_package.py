import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from alicloud import oss_multipart
from alicloud.errors import Misconfigured
from blocks.environment import UdfPackage
from emulator import oss_state as emulated_oss
from tasks.udf_package import ensure_package, ensure_registration
from tests.tasks.conftest import connected

ROOT = Path(__file__).parents[2]
BUCKET = "flink-udf-packages"
PACKAGE = UdfPackage(name="orders.jar", path="orders.jar", project="clickstream")


@pytest.fixture
def project_folder(tmp_path, monkeypatch):
    """Flows run in the project's folder; its udf/ holds the packages."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "udf").mkdir()
    (tmp_path / "udf" / "orders.jar").write_bytes(b"first")
    return tmp_path


@pytest.fixture
def stocked(account):
    account.reset("everything", speed=20_000)
    return account


@pytest.mark.requirement("R20")
def test_a_package_is_uploaded_when_it_is_new_or_has_changed(project_folder, stocked, cloud):
    for content in (b"first", b"first", b"second"):
        (project_folder / "udf" / "orders.jar").write_bytes(content)
        stored = ensure_package.fn(cloud, PACKAGE, BUCKET)

    bucket = stocked.cloud.world.part(emulated_oss.State).buckets[BUCKET]
    assert stored.key == "udf/orders.jar"
    assert len(bucket.objects[stored.key]) == 2  # both versions are kept
    assert stocked.writes() == ["PutObject", "PutObject"]


@pytest.mark.requirement("R20")
def test_a_package_is_registered_in_its_project_once(project_folder, stocked, cloud):
    key = ensure_package.fn(cloud, PACKAGE, BUCKET).key

    ensure_registration.fn(cloud, PACKAGE, key)
    ensure_registration.fn(cloud, PACKAGE, key)

    assert stocked.writes() == ["PutObject", "CreatePackage"]


def test_a_plan_uploads_nothing(project_folder, stocked):
    with connected(stocked, dry=True) as plan:
        ensure_package.fn(plan, PACKAGE, BUCKET)

        assert [write.action for write in plan.ledger.writes] == ["PutObject"]
    assert stocked.writes() == []


def test_a_link_out_of_the_folder_is_not_followed(project_folder, stocked, cloud):
    (project_folder / "secret.txt").write_text("not for the bucket")
    (project_folder / "udf" / "link.jar").symlink_to(project_folder / "secret.txt")

    with pytest.raises(Misconfigured, match=r"link\.jar lies outside of udf/"):
        ensure_package.fn(cloud, UdfPackage(name="link.jar", path="link.jar"), BUCKET)

    assert stocked.writes() == []


def test_a_missing_file_is_told_with_its_place(project_folder, cloud):
    with pytest.raises(Misconfigured, match=r"udf/gone.jar cannot be read \(No such file"):
        ensure_package.fn(cloud, UdfPackage(name="gone.jar", path="gone.jar"), BUCKET)


@pytest.mark.requirement("R20")
def test_the_example_of_the_page_is_uploaded_registered_and_left_alone(project_folder, stocked, cloud):
    page = (ROOT / "docs" / "udf-packages.md").read_text("utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```", page, re.M | re.S)
    (facts,) = yaml.safe_load(example)["storage"]["udf_packages"]
    package = UdfPackage.model_validate(facts | {"project": "clickstream"})
    (project_folder / "udf" / package.path).write_bytes(b"test")

    for _ in range(2):
        stored = ensure_package.fn(cloud, package, BUCKET)
        ensure_registration.fn(cloud, package, package.key)

    assert stocked.writes() == ["PutObject", "CreatePackage"]
    assert (stored.key, stored.version, stored.sha256) == ("udf/orders-udf.jar", "1.4.2", facts["sha256"])
    assert f"more than {oss_multipart.THRESHOLD_BYTES >> 20} MiB" in page
    assert f"parts of {oss_multipart.PART_BYTES >> 20} MiB" in page


@pytest.mark.requirement("R20", "R24")
def test_a_package_lies_in_the_folder_that_the_environment_names(project_folder, stocked, cloud):
    package = PACKAGE.model_copy(update={"folder": "artifacts/namespaces/payments"})

    stored = ensure_package.fn(cloud, package, BUCKET)

    assert stored.key == package.key == "artifacts/namespaces/payments/orders.jar"


@pytest.mark.parametrize("field", ["version", "sha256", "folder"])
@pytest.mark.parametrize("value", ["a b", "../x", "/x", "x\r\ny", "é", "x" * 300, ".realtime-compute-preparation"])
def test_what_would_not_fit_a_header_or_leaves_the_folder_is_refused(field, value):
    with pytest.raises(ValidationError):
        UdfPackage(name="a.jar", path="a.jar", **{field: value})
