"""The bucket: what is read, what is decided, what is refused."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from oss2 import xml_utils

from alicloud import oss
from alicloud.call import Kind
from alicloud.errors import Unmet
from alicloud.oss import Bucket, BucketSpec

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["oss/v1"]

SPEC = BucketSpec("flink-udf", "cn-hangzhou")
BUCKET = Bucket("flink-udf", "cn-hangzhou", "private", "Standard", "LRS", "Enabled", "", "1376771854400000")


def _read(body: str) -> Bucket:
    result = xml_utils.parse_get_bucket_info(SimpleNamespace(), body)
    return oss.get_bucket_info("example-bucket", "cn-shanghai").parse(result)


def test_the_published_bucket_is_read():
    assert _read(SAMPLES["GetBucketInfo"]["body"]) == Bucket(
        name="example-bucket",
        region="cn-shanghai",
        acl="private",
        storage_class="Standard",
        redundancy="LRS",
        versioning="Enabled",
        encryption="AES256",
        owner="1376771854400000",
    )


@pytest.mark.parametrize(
    ("element", "instead", "fact"),
    [
        ("<Versioning>Enabled</Versioning>", "", "versioning"),
        ("<DataRedundancyType>LRS</DataRedundancyType>", "", "redundancy"),
        ("<SSEAlgorithm>AES256</SSEAlgorithm>", "<SSEAlgorithm>None</SSEAlgorithm>", "encryption"),
        (
            "<ServerSideEncryptionRule><SSEAlgorithm>AES256</SSEAlgorithm></ServerSideEncryptionRule>",
            "",
            "encryption",
        ),
    ],
)
def test_what_was_never_set_reads_as_empty(element, instead, fact):
    body = SAMPLES["GetBucketInfo"]["body"]
    assert element in body

    assert getattr(_read(body.replace(element, instead)), fact) == ""


def test_a_free_name_is_an_answer_and_a_taken_one_has_a_remedy():
    call = oss.get_bucket_info("flink-udf", "cn-hangzhou")

    assert call.absent == {"NoSuchBucket"}
    assert call.missing is None
    assert all(word in call.remedy for word in ["flink-udf", "another account", "cn-hangzhou", "oss:GetBucketInfo"])


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("spec", "actual", "actions"),
    [
        (SPEC, None, ["PutBucket", "PutBucketVersioning"]),
        (
            replace(SPEC, encryption="AES256"),
            None,
            ["PutBucket", "PutBucketVersioning", "PutBucketEncryption"],
        ),
        (replace(SPEC, versioning=False), None, ["PutBucket"]),
        (SPEC, BUCKET, []),
        (SPEC, replace(BUCKET, versioning=""), ["PutBucketVersioning"]),
        (SPEC, replace(BUCKET, versioning="Suspended"), ["PutBucketVersioning"]),
        (replace(SPEC, versioning=False), replace(BUCKET, versioning=""), []),
        (replace(SPEC, versioning=False), BUCKET, []),  # what we did not ask for is not ours to change
        (replace(SPEC, encryption="AES256"), BUCKET, ["PutBucketEncryption"]),
        (replace(SPEC, encryption="AES256"), replace(BUCKET, encryption="AES256"), []),
        (SPEC, replace(BUCKET, encryption="KMS"), []),
        (replace(SPEC, redundancy="ZRS"), replace(BUCKET, redundancy="ZRS"), []),
        (SPEC, replace(BUCKET, redundancy=""), []),
    ],
)
def test_only_what_is_missing_is_done(spec, actual, actions):
    assert [call.action for call in oss.bucket_changes(spec, actual)] == actions


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("spec", "actual", "words"),
    [
        (SPEC, replace(BUCKET, acl="public-read"), ["is public-read", "ACL private"]),
        (SPEC, replace(BUCKET, acl="public-read-write", versioning=""), ["is public-read-write"]),
        (SPEC, replace(BUCKET, acl=""), ["flink-udf"]),
        (SPEC, replace(BUCKET, storage_class="IA"), ["storage class IA, not Standard"]),
        (SPEC, replace(BUCKET, region="cn-beijing"), ["region cn-beijing, not cn-hangzhou"]),
        (SPEC, replace(BUCKET, redundancy="ZRS"), ["redundancy ZRS, not LRS"]),
        (replace(SPEC, redundancy="ZRS"), BUCKET, ["redundancy LRS, not ZRS"]),
        (replace(SPEC, encryption="AES256"), replace(BUCKET, encryption="KMS"), ["encryption KMS, not AES256"]),
        (SPEC, replace(BUCKET, storage_class="IA", redundancy="ZRS"), ["IA, not Standard and redundancy ZRS"]),
    ],
)
def test_a_public_or_unchangeable_bucket_is_refused_and_left_alone(spec, actual, words):
    with pytest.raises(Unmet) as caught:
        oss.bucket_changes(spec, actual)

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("versioning", ["", "Suspended", "Enabled"])
@pytest.mark.parametrize("encryption", ["", "AES256"])
def test_a_bucket_that_exists_is_never_created_again_nor_its_acl_changed(versioning, encryption):
    actual = replace(BUCKET, versioning=versioning, encryption=encryption)

    calls = oss.bucket_changes(replace(SPEC, encryption="AES256"), actual)

    assert not {call.operation for call in calls} & {"create_bucket", "put_bucket_acl"}


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("redundancy", ["LRS", "ZRS"])
def test_a_bucket_is_created_private_standard_and_zone_redundant_only_when_asked(redundancy):
    call = oss.create_bucket(replace(SPEC, redundancy=redundancy))

    body = ElementTree.fromstring(call.arguments["input"])
    assert call.bucket == "flink-udf"
    assert call.arguments["permission"] == "private"
    assert body.findtext("StorageClass") == "Standard"
    assert body.findtext("DataRedundancyType") == redundancy


def test_the_bodies_are_those_of_the_sdk():
    versioning = xml_utils.to_put_bucket_versioning(SimpleNamespace(status="Enabled"))
    rule = SimpleNamespace(sse_algorithm="AES256", kms_master_keyid=None, kms_data_encryption=None)
    creation = xml_utils.to_put_bucket_config(SimpleNamespace(storage_class="Standard", data_redundancy_type="LRS"))

    bodies = {
        oss.put_bucket_versioning("b").arguments["config"]: versioning,
        oss.put_bucket_encryption("b").arguments["rule"]: xml_utils.to_put_bucket_encryption(rule),
        oss.create_bucket(SPEC).arguments["input"]: creation,
    }

    assert all(ElementTree.canonicalize(ours) == ElementTree.canonicalize(theirs) for ours, theirs in bodies.items())


@pytest.mark.parametrize(
    "call", [oss.create_bucket(SPEC), oss.put_bucket_versioning("b"), oss.put_bucket_encryption("b")]
)
def test_every_write_says_what_it_means_and_may_be_repeated(call):
    assert call.means
    assert call.kind is Kind.IDEMPOTENT
    assert call.parse(object()) is None


@pytest.mark.parametrize("spec", [SPEC, replace(SPEC, redundancy="ZRS", versioning=False, encryption="AES256")])
def test_a_dry_run_hands_on_a_bucket_that_is_as_wanted(spec):
    assert oss.bucket_changes(spec, oss.planned_bucket(spec)) == []
