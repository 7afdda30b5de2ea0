"""Keeps secrets out of texts that others wrote: error messages of the vendors' libraries and of the cloud."""

from __future__ import annotations

import re


def redact(text: str) -> str:
    """Take AccessKey ids, tokens and signatures out of a text that came from a vendor's library or the cloud."""
    text = re.sub(
        r"(?i)(AccessKeyId|AccessKeySecret|SecurityToken|Signature|Password|OSSAccessKeyId)(=|%3D|\"?:\s*\"?)[^&\s\"',)]+",
        r"\1\2***",
        text,
    )
    text = re.sub(r"\b(LTAI|STS\.)[A-Za-z0-9]{8,}", r"\1***", text)
    return re.sub(r"(?s)(server string to sign is:).*", r"\1 ***", text)
