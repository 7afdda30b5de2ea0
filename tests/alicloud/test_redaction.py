"""What is taken out of the texts of others."""

import pytest

from alicloud.redaction import redact


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /?AccessKeyId=LTAI5tAbCdEfGh&Signature=a%2Fb%3D&x=1", "GET /?AccessKeyId=***&Signature=***&x=1"),
        ('{"SecurityToken": "CAIS1234", "a": 1}', '{"SecurityToken": "***", "a": 1}'),
        ("key LTAI5tAbCdEfGh12 is unknown", "key LTAI*** is unknown"),
        ("key STS.NUabcdefgh12 has expired", "key STS.*** has expired"),
        ("server string to sign is:POST&%2F&AccessKeyId%3DLTAI\nmore", "server string to sign is: ***"),
        ("the Password=Hunter-2 is weak", "the Password=*** is weak"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_a_text_of_the_cloud_is_cleaned(text, clean):
    assert redact(text) == clean
