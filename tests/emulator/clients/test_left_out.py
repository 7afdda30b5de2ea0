"""Says which actions clients cannot call, and sees that this is all and still so."""

import pytest

from emulator import products
from tests.emulator.clients import v1, v2
from tests.emulator.clients.actions import LEFT_OUT, NO_SUCCESS, UNSERVED, served


@pytest.mark.parametrize("client", LEFT_OUT)
def test_an_action_is_left_out_where_a_client_cannot_call_it_and_nowhere_else(client):
    sections, can = {
        "aliyun-python-sdk-*": (v1.PACKAGES, v1.has),
        "alibabacloud_*": (v2.PACKAGES, lambda section, action: action.lower() in v2.methods(section)),
    }[client]

    missing = {(section, action) for section in sections for action in served(section) if not can(section, action)}

    told = {
        (section, action)
        for section, actions in LEFT_OUT[client].items()
        for action, reason in actions.items()
        if reason != NO_SUCCESS
    }
    assert told == missing


@pytest.mark.parametrize("product", products.PRODUCTS, ids=lambda product: product.section)
def test_every_product_has_clients_of_both_kinds_or_a_reason(product):
    section = product.section

    assert (section in v1.PACKAGES and section in v2.PACKAGES) != (section in UNSERVED)


def test_what_is_left_out_is_printed(capsys):
    lines = [
        f"{client} {section} {action}: {reason}"
        for client, sections in LEFT_OUT.items()
        for section, actions in sections.items()
        for action, reason in actions.items()
    ]
    lines += [f"{section}: {reason}" for section, reason in UNSERVED.items()]

    with capsys.disabled():
        print("", "Left out by the suite of clients:", *lines, sep="\n")

    assert all(line.partition(": ")[2] for line in lines)
