"""Where each product is reached, by region."""

from __future__ import annotations

from collections.abc import Mapping

# Source: the products' endpoint tables (OpenAPI metadata; v1 SDK data). "{region}" is filled in.
_CENTRAL_FOAS = "foas.aliyuncs.com"
_FOAS_REGIONS = frozenset(
    [
        "cn-hangzhou",
        "cn-shanghai",
        "cn-beijing",
        "cn-shenzhen",
        "cn-zhangjiakou",
        "cn-qingdao",
        "ap-southeast-1",
        "ap-southeast-3",
        "ap-northeast-1",
        "cn-hangzhou-finance",
        "cn-shanghai-finance-1",
        "cn-north-2-gov-1",
    ]
)
_TEMPLATES: Mapping[str, str] = {
    "Ram": "ram.aliyuncs.com",
    "Ims": "ims.aliyuncs.com",
    "Sts": "sts.{region}.aliyuncs.com",
    "ResourceManager": "resourcemanager.aliyuncs.com",
    "Vpc": "vpc.{region}.aliyuncs.com",
    "Ecs": "ecs.{region}.aliyuncs.com",
    "BssOpenApi": "business.aliyuncs.com",
    "foasconsole": "foasconsole.{region}.aliyuncs.com",
    "ververica": "ververica.{region}.aliyuncs.com",
    "oss": "oss-{region}.aliyuncs.com",
    "Actiontrail": "actiontrail.{region}.aliyuncs.com",
}

REGIONS = frozenset(
    [
        "cn-hangzhou",
        "cn-shanghai",
        "cn-beijing",
        "cn-shenzhen",
        "cn-zhangjiakou",
        "cn-wulanchabu",
        "cn-qingdao",
        "cn-hongkong",
        "cn-chengdu",
        "cn-guangzhou",
        "cn-heyuan",
        "cn-huhehaote",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-southeast-1",
        "ap-southeast-3",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ap-south-1",
        "eu-central-1",
        "eu-west-1",
        "us-east-1",
        "us-west-1",
        "me-east-1",
        "me-central-1",
        "cn-hangzhou-finance",
        "cn-shanghai-finance-1",
        "cn-shenzhen-finance-1",
        "cn-beijing-finance-1",
        "cn-north-2-gov-1",
    ]
)

# Exclusive mode was sold in these regions. Source: the product's usage limits.
EXCLUSIVE_REGIONS = frozenset(
    ["cn-hangzhou", "cn-beijing", "cn-shanghai", "cn-shenzhen", "cn-zhangjiakou", "cn-hongkong", "ap-southeast-1"]
)


def endpoint(product: str, region: str, overrides: Mapping[str, str]) -> str:
    """Give the URL of a product in a region, HTTPS unless an override says otherwise.

    `overrides` maps a product code (any case), or `*` for all, to a URL such as http://127.0.0.1:8400.
    """
    known = {name.lower(): url for name, url in overrides.items()}
    override = known.get(product.lower()) or known.get("*")
    if override:
        return override.rstrip("/")
    return f"https://{_host(product, region)}"


def _host(product: str, region: str) -> str:
    if product == "foas":
        if region in _FOAS_REGIONS:
            return f"foas.{region}.aliyuncs.com"
        return _CENTRAL_FOAS if region.startswith("cn-") else "foas.ap-northeast-1.aliyuncs.com"
    if product == "BssOpenApi" and not region.startswith("cn-"):
        return "business.ap-southeast-1.aliyuncs.com"
    if product == "Ecs" and region == "cn-hangzhou":
        return "ecs-cn-hangzhou.aliyuncs.com"
    return _TEMPLATES[product].format(region=region)
