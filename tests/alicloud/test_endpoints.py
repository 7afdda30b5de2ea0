"""Where each product is reached."""

import pytest

from alicloud.endpoints import EXCLUSIVE_REGIONS, REGIONS, endpoint

PRODUCTS = [
    "Ram",
    "Ims",
    "Sts",
    "ResourceManager",
    "Vpc",
    "Ecs",
    "BssOpenApi",
    "foas",
    "foasconsole",
    "ververica",
    "oss",
]


@pytest.mark.parametrize(
    ("product", "region", "url"),
    [
        ("Ram", "cn-beijing", "https://ram.aliyuncs.com"),
        ("Sts", "cn-beijing", "https://sts.cn-beijing.aliyuncs.com"),
        ("Vpc", "cn-beijing", "https://vpc.cn-beijing.aliyuncs.com"),
        ("Ecs", "cn-beijing", "https://ecs.cn-beijing.aliyuncs.com"),
        ("Ecs", "cn-hangzhou", "https://ecs-cn-hangzhou.aliyuncs.com"),
        ("BssOpenApi", "cn-hangzhou", "https://business.aliyuncs.com"),
        ("BssOpenApi", "eu-central-1", "https://business.ap-southeast-1.aliyuncs.com"),
        ("foas", "cn-beijing", "https://foas.cn-beijing.aliyuncs.com"),
        ("foas", "cn-chengdu", "https://foas.aliyuncs.com"),
        ("foas", "eu-central-1", "https://foas.ap-northeast-1.aliyuncs.com"),
        ("foasconsole", "cn-beijing", "https://foasconsole.cn-beijing.aliyuncs.com"),
        ("oss", "cn-beijing", "https://oss-cn-beijing.aliyuncs.com"),
    ],
)
def test_a_product_is_reached_where_its_table_says(product, region, url):
    assert endpoint(product, region, {}) == url


@pytest.mark.parametrize("region", sorted(REGIONS))
@pytest.mark.parametrize("product", PRODUCTS)
def test_the_real_cloud_is_always_reached_over_https(product, region):
    url = endpoint(product, region, {})

    assert url.startswith("https://")
    assert url.endswith(".aliyuncs.com")
    assert "{" not in url


@pytest.mark.parametrize(
    ("overrides", "url"),
    [
        ({"*": "http://127.0.0.1:8400/"}, "http://127.0.0.1:8400"),
        ({"vpc": "http://127.0.0.1:1", "*": "http://127.0.0.1:2"}, "http://127.0.0.1:1"),
        ({"VPC": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        ({"oss": "http://127.0.0.1:1"}, "https://vpc.cn-beijing.aliyuncs.com"),
    ],
)
def test_an_override_of_the_product_goes_before_one_of_all(overrides, url):
    assert endpoint("Vpc", "cn-beijing", overrides) == url


@pytest.mark.requirement("R12")
def test_exclusive_mode_is_only_in_regions_that_exist():
    assert EXCLUSIVE_REGIONS <= REGIONS
