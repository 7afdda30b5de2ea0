"""The artifact of an adoption: nothing that others wrote takes effect in it."""

import pytest

from blocks.adoption import Adopted
from tasks.adoption_document import written
from tests.flows.running import environment

HOSTILE = "</script> `x` ![a](b) | \x1b[31m ```"


def test_a_remark_is_inert():
    text = written(Adopted(environment(), (f"VPC {HOSTILE}\n# heading",)))

    assert "</script>" not in text
    assert "\x1b" not in text
    assert "\n# heading" not in text


@pytest.mark.parametrize("text", ["```", "``` " * 60, HOSTILE.replace("\x1b", "")])
def test_the_document_cannot_close_the_block_that_it_stands_in(text):
    wanted = environment(cluster={"description": text[:256].strip()})

    lines = written(Adopted(wanted, ())).splitlines()

    (opened,) = [line for line in lines if line.endswith("yaml") and line.startswith("```")]
    fence = opened.removesuffix("yaml")
    assert [line for line in lines if line.strip().startswith(fence)] == [opened, fence]


def test_without_remarks_nothing_is_said_of_what_is_missing():
    assert "cannot say" not in written(Adopted(environment(), ()))
