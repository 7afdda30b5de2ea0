import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from blocks import names

ACCEPTED = {
    "EnvironmentName": ["dev", "flink-exclusive", "a" * 32],
    "UserName": ["alice", "Alice.A_b-1", "a", "a" * 64],
    "GroupName": ["flink-developers", "G"],
    "ResourceName": ["flink-vpc", "Flink_vpc.1", "a" * 128],
    "BucketName": ["abc", "flink-packages", "1a1", "a" * 63],
    "OptionalVpcId": ["vpc-bp1abc", ""],
    "OptionalVSwitchId": ["vsw-bp1abc", ""],
    "ZoneId": ["cn-hangzhou-h", "ap-southeast-1a"],
    "OptionalAccountId": ["1376771854400000", ""],
    "OptionalOrderId": ["blinkonecs_cn-order-0001", ""],
    "ClusterName": ["flink_exclusive", "abc"],
    "WorkspaceName": ["flink-managed", "abc"],
    "ProjectName": ["orders", "a_b-c", "o" * 63],
    "ProjectReference": ["orders", "*"],
    "BlockName": ["demo", "1", "a-b"],
    "FolderName": ["handover", "a/b", "_a.b-c/d", "a" * 200],
    "PackageName": ["orders-udf.jar", "a"],
    "Specification": ["Ecs_8c32g"],
    "OptionalRoleName": ["AliyunStreamDefaultRole", ""],
    "OptionalServicePrincipal": ["stream.aliyuncs.com", ""],
    "Region": ["cn-hangzhou", "ap-southeast-1"],
    "CidrBlock": ["10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24"],
    "OptionalCidrBlock": ["10.0.0.0/8", ""],
    "Text": ["", "Orders, live", "Ünïcode", "a" * 256],
}
REFUSED = {
    "EnvironmentName": ["a", "A-b", "-ab", "ab-", "a b", "a" * 33, "../etc"],
    "UserName": ["", "a b", "a/b", "a*", "a" * 65, "alice\n", "\u0430lice"],
    "GroupName": ["", "a_b", "a.b", "*"],
    "ResourceName": ["a", "1a", "http//x", "a" * 129],
    "BucketName": ["ab", "Abc", "-abc", "abc-", "a.b", "a_b", "a" * 64, "abc/../d"],
    "OptionalVpcId": ["vsw-1", "vpc-", "vpc-A", "vpc-1,vpc-2", " "],
    "OptionalVSwitchId": ["vpc-1", "vsw-", "vsw-1\n"],
    "ZoneId": ["hangzhou", "", "CN-HANGZHOU-H"],
    "OptionalAccountId": ["12", "137677185440000x", "\u0661" * 16],
    "OptionalOrderId": ["a", "a b", "a/b/c"],
    "ClusterName": ["ab", "Flink", "flink-x", "1flink"],
    "WorkspaceName": ["ab", "Flink", "flink_x", "a" * 61],
    "ProjectName": ["*", "", "or", "acs:stream:*:*:*", "orders\n"],
    "ProjectReference": ["", "**", "orders*", "*\n", "acs:stream:*:*:*"],
    "BlockName": ["", "Demo", "-a", "a/b"],
    "FolderName": ["", "/a", "~/a", "../a", "a/../b", "a//b", "a/", ".", ".ssh", "a\\b", "a\n", "a" * 201],
    "PackageName": ["", "../a", ".jar", "a/b", "a" * 101],
    "Specification": ["8c32g", "Ecs_8c", "ecs_8c32g"],
    "OptionalRoleName": ["a_b", "a b", "a" * 65],
    "OptionalServicePrincipal": ["stream.example.com", "aliyuncs.com", "stream.aliyuncs.com.example.com"],
    "Region": ["", "cn-atlantis", "CN-HANGZHOU"],
    "CidrBlock": [
        "",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0/24",
        "fe80::/10",
        "127.0.0.0/8",
        "100.64.0.0/16",
        "224.0.0.0/8",
    ],
    "OptionalCidrBlock": ["10.0.0.1/8", " "],
    "Text": ["a\nb", "a\x00b", "a\u202eb", "a" * 257],
}


def cases(table):
    return [pytest.param(kind, text, id=f"{kind}-{text[:40]!a}") for kind, texts in table.items() for text in texts]


def validated(kind, text):
    return TypeAdapter(getattr(names, kind)).validate_python(text)


@pytest.mark.parametrize(("kind", "text"), cases(ACCEPTED))
def test_a_name_that_the_cloud_accepts_is_accepted(kind, text):
    assert validated(kind, text) == text


@pytest.mark.parametrize(("kind", "text"), cases(REFUSED))
def test_a_name_that_the_cloud_refuses_is_refused_before_any_call(kind, text):
    with pytest.raises(ValidationError):
        validated(kind, text)


@pytest.mark.parametrize("kind", sorted(ACCEPTED))
def test_every_pattern_is_told_in_words(kind):
    try:
        validated(kind, "\t")
    except ValidationError as error:
        (found,) = error.errors()

    assert found["type"] != "string_pattern_mismatch" or names.RULES[found["ctx"]["pattern"]]


@pytest.mark.requirement("R3")
@given(st.text(max_size=70))
def test_no_project_name_holds_what_a_policy_resource_reads_specially(text):
    try:
        validated("ProjectName", text)
    except ValidationError:
        return

    assert not set(text) - set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert 3 <= len(text) <= 63
