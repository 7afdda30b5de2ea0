"""What can be set on an OSS bucket: versioning, encryption, public access, policy, lifecycle, tags, logging."""

from __future__ import annotations

import json
import re

from emulator import oss_xml
from emulator.oss_buckets import check_bucket_name
from emulator.oss_call import Call, Reply, xml_reply
from emulator.oss_state import need_bucket
from emulator.oss_xml import Element, element, malformed
from emulator.request import Refusal
from emulator.world import World

ALGORITHMS = ("AES256", "KMS", "SM4")
POLICY_LIMIT = 16 * 1024  # bytes
RULE_LIMIT = 1000
TAG_LIMIT = 20
ACTS = (
    "Expiration",
    "AbortMultipartUpload",
    "Transition",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
)


def put_bucket_versioning(world: World, call: Call) -> Reply:
    """Enable or suspend versioning; it never goes back to unset. Source: OSS, PutBucketVersioning."""
    bucket = need_bucket(world, call.bucket)
    status = call.document("VersioningConfiguration").value("Status")
    if status not in ("Enabled", "Suspended"):
        raise Refusal(400, "InvalidArgument", "The versioning status must be Enabled or Suspended.")
    bucket.versioning = status
    return Reply()


def get_bucket_versioning(world: World, call: Call) -> Reply:
    status = need_bucket(world, call.bucket).versioning
    return xml_reply(element("VersioningConfiguration", [element("Status", status)] if status else []))


def put_bucket_encryption(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    rule = call.document("ServerSideEncryptionRule").find("ApplyServerSideEncryptionByDefault")
    if rule is None:
        raise malformed()
    if rule.value("SSEAlgorithm") not in ALGORITHMS:
        raise Refusal(400, "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid.")
    names = ("SSEAlgorithm", "KMSMasterKeyID", "KMSDataEncryption")
    bucket.encryption = {name: rule.value(name) for name in names if rule.value(name)}
    return Reply()


def get_bucket_encryption(world: World, call: Call) -> Reply:
    rule = need_bucket(world, call.bucket).encryption
    if not rule:
        message = "The server side encryption configuration does not exist."
        raise Refusal(404, "NoSuchServerSideEncryptionRule", message)
    applied = element("ApplyServerSideEncryptionByDefault", (element(name, value) for name, value in rule.items()))
    return xml_reply(element("ServerSideEncryptionRule", applied))


def delete_bucket_encryption(world: World, call: Call) -> Reply:
    need_bucket(world, call.bucket).encryption = {}
    return Reply(204)


def put_bucket_public_access_block(world: World, call: Call) -> Reply:
    """Block public access, or stop blocking it. Clients write true, True or TRUE."""
    bucket = need_bucket(world, call.bucket)
    value = call.document("PublicAccessBlockConfiguration").value("BlockPublicAccess").lower()
    if value not in ("true", "false"):
        raise malformed()
    bucket.block_public_access = value == "true"
    return Reply()


def get_bucket_public_access_block(world: World, call: Call) -> Reply:
    blocked = need_bucket(world, call.bucket).block_public_access
    return xml_reply(element("PublicAccessBlockConfiguration", element("BlockPublicAccess", blocked)))


def delete_bucket_public_access_block(world: World, call: Call) -> Reply:
    need_bucket(world, call.bucket).block_public_access = False
    return Reply(204)


def put_bucket_policy(world: World, call: Call) -> Reply:
    """Keep a bucket policy. It is checked for its form and given back; it grants and denies nothing here."""
    bucket = need_bucket(world, call.bucket)
    call.check_digest()
    try:
        text = call.body.decode()
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid_policy("Policy is not valid JSON.") from None
    if not isinstance(document, dict) or document.get("Version") != "1" or len(call.body) > POLICY_LIMIT:
        raise _invalid_policy("The policy must be an object of Version 1, of at most 16 KB.")
    statements = document.get("Statement")
    if not isinstance(statements, list) or not statements or not all(map(_is_statement, statements)):
        raise _invalid_policy("Every statement needs Effect, Action, Principal and Resource.")
    bucket.policy = text
    return Reply()


def get_bucket_policy(world: World, call: Call) -> Reply:
    policy = need_bucket(world, call.bucket).policy
    if not policy:
        raise Refusal(404, "NoSuchBucketPolicy", "The bucket policy does not exist.")
    return Reply(200, policy.encode(), {"Content-Type": "application/json"})


def delete_bucket_policy(world: World, call: Call) -> Reply:
    need_bucket(world, call.bucket).policy = ""
    return Reply(204)


def put_bucket_lifecycle(world: World, call: Call) -> Reply:
    """Replace all lifecycle rules. They are given back, but nothing is deleted by them here."""
    bucket = need_bucket(world, call.bucket)
    rules = call.document("LifecycleConfiguration").all("Rule")
    if not 1 <= len(rules) <= RULE_LIMIT or not all(map(_is_rule, rules)):
        raise malformed()
    named = [_named(world, rule) for rule in rules]
    if len({rule.value("ID") for rule in named}) < len(named):
        raise Refusal(400, "InvalidArgument", "Rule ID must be unique.")
    bucket.lifecycle = oss_xml.inner(element("LifecycleConfiguration", named))
    return Reply()


def get_bucket_lifecycle(world: World, call: Call) -> Reply:
    rules = need_bucket(world, call.bucket).lifecycle
    if not rules:
        raise Refusal(404, "NoSuchLifecycle", "No Row found in Lifecycle Table.")
    return Reply(200, (oss_xml.DECLARATION + rules).encode(), {"Content-Type": "application/xml"})


def delete_bucket_lifecycle(world: World, call: Call) -> Reply:
    need_bucket(world, call.bucket).lifecycle = ""
    return Reply(204)


def put_bucket_tagging(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    tag_set = call.document("Tagging").find("TagSet")
    if tag_set is None:
        raise malformed()
    tags = [(tag.value("Key"), tag.value("Value")) for tag in tag_set.all("Tag")]
    fits = all(1 <= len(key) <= 64 and len(value) <= 128 for key, value in tags)
    if not fits or len(tags) > TAG_LIMIT or len(dict(tags)) < len(tags):
        raise Refusal(400, "InvalidTag", "At most 20 tags, with different keys of 1 to 64 characters.")
    bucket.tags = dict(tags)
    return Reply()


def get_bucket_tagging(world: World, call: Call) -> Reply:
    tags = need_bucket(world, call.bucket).tags
    rows = (element("Tag", element("Key", key), element("Value", value)) for key, value in tags.items())
    return xml_reply(element("Tagging", element("TagSet", rows)))


def delete_bucket_tagging(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    unwanted = [key for key in call.param("tagging").split(",") if key] or list(bucket.tags)
    bucket.tags = {key: value for key, value in bucket.tags.items() if key not in unwanted}
    return Reply(204)


def put_bucket_logging(world: World, call: Call) -> Reply:
    """Say where access logs go; without LoggingEnabled there are none. No log is written here."""
    bucket = need_bucket(world, call.bucket)
    enabled = call.document("BucketLoggingStatus").find("LoggingEnabled")
    target = enabled.value("TargetBucket") if enabled else ""
    if enabled:
        check_bucket_name(target)
        if need_bucket(world, target).owner != bucket.owner or need_bucket(world, target).region != bucket.region:
            message = "Put bucket log requires the target bucket to have the same owner and region."
            raise Refusal(400, "InvalidTargetBucketForLogging", message)
    bucket.log_bucket, bucket.log_prefix = target, enabled.value("TargetPrefix") if enabled else ""
    return Reply()


def get_bucket_logging(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    facts = [element("TargetBucket", bucket.log_bucket), element("TargetPrefix", bucket.log_prefix)]
    return xml_reply(element("BucketLoggingStatus", [element("LoggingEnabled", facts)] if bucket.log_bucket else []))


def delete_bucket_logging(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    bucket.log_bucket = bucket.log_prefix = ""
    return Reply(204)


def _is_statement(statement: object) -> bool:
    needed = {"Effect", "Action", "Principal", "Resource"}
    return isinstance(statement, dict) and needed <= statement.keys() and statement["Effect"] in ("Allow", "Deny")


def _invalid_policy(message: str) -> Refusal:
    return Refusal(400, "InvalidPolicyDocument", message)


def _is_rule(rule: Element) -> bool:
    """Source: OSS, PutBucketLifecycle: Status, Prefix (may be empty), at least one act, whole days from 1."""
    days = [act.value(name) for act in rule.children for name in ("Days", "NoncurrentDays") if act.find(name)]
    return (
        rule.value("Status") in ("Enabled", "Disabled")
        and rule.find("Prefix") is not None
        and len(rule.value("ID")) <= 255
        and any(rule.find(name) for name in ACTS)
        and all(re.fullmatch(r"0{0,8}[1-9][0-9]{0,8}", text) for text in days)
    )


def _named(world: World, rule: Element) -> Element:
    if rule.value("ID"):
        return rule
    others = [child for child in rule.children if child.tag != "ID"]
    return element("Rule", element("ID", world.identifiers.guid().lower()), others)
