"""When a subscription is renewed, by whom, and how the journal tells one renewal from the next."""

from dataclasses import replace

import pytest

from alicloud import bssopenapi_renewal, foasconsole_renewal, renewal
from alicloud.bssopenapi import OrderedInstance
from alicloud.bssopenapi_renewal import TermSpec
from alicloud.errors import ManualStep, Unmet
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_renewal import RenewalSpec

DAY = 86_400.0
END = 1_798_761_600.0  # 2027-01-01
WORKSPACE = Workspace(
    "f-1", "r1", "flink", "RUNNING", "z", "vpc-1", ("vsw-1",), "PRE", 16, 1, expires_ms=int(END * 1000)
)
ORDER = OrderedInstance(
    "blinkonecs_1", "blinkonecs", "Normal", "cn-hangzhou", "Subscription", "", "2027-01-01T00:00:00Z", "ManualRenewal"
)


@pytest.mark.parametrize(
    ("days", "within_days", "months", "due"),
    [
        (20, 30, 1, True),
        (27, 30, 1, True),
        (28, 30, 1, False),  # a month may have no more days: it would be due right after it was renewed
        (30, 30, 2, True),
        (31, 30, 2, False),
        (-3, 30, 1, True),
        (400, 365, 36, False),
        (300, 365, 36, True),
    ],
)
def test_what_ends_within_the_days_is_due_but_not_what_a_renewal_has_just_prolonged(days, within_days, months, due):
    assert renewal.due(END, END - days * DAY, within_days, months) is due


def test_a_renewal_is_known_by_the_end_that_it_starts_from():
    (call,) = foasconsole_renewal.renewal_changes(RenewalSpec("cn-hangzhou", 1, 30), WORKSPACE, END - DAY)
    moved = replace(WORKSPACE, expires_ms=WORKSPACE.expires_ms + int(31 * DAY * 1000))
    (following,) = foasconsole_renewal.renewal_changes(RenewalSpec("cn-hangzhou", 1, 30), moved, END + 30 * DAY)

    assert call.makes == "renewal/f-1/from 2027-01-01T00:00:00Z"
    assert "from 2027-01-01T00:00:00Z by 1 month" in call.means
    assert following.makes == "renewal/f-1/from 2027-02-01T00:00:00Z"
    assert renewal.was_renewed("f-1", "2027-02-01T00:00:00Z", call.makes)
    assert not renewal.was_renewed("f-1", "2027-01-01T00:00:00Z", call.makes)
    assert not renewal.was_renewed("f-2", "2027-02-01T00:00:00Z", call.makes)


def test_pay_as_you_go_is_not_renewed_and_an_end_that_is_not_told_is_not_guessed():
    spec = RenewalSpec("cn-hangzhou", 1, 30)

    assert foasconsole_renewal.renewal_changes(spec, replace(WORKSPACE, charge_type="POST"), END) == []
    with pytest.raises(Unmet, match="does not tell when workspace flink"):
        foasconsole_renewal.renewal_changes(spec, replace(WORKSPACE, expires_ms=0), END)


@pytest.mark.parametrize(
    ("order", "spec", "sent"),
    [
        (ORDER, TermSpec(1, 30, False), True),
        (replace(ORDER, renew_status="AutoRenewal"), TermSpec(1, 30, False), False),
        (ORDER, TermSpec(1, 30, True), False),
        (replace(ORDER, subscription="PayAsYouGo"), TermSpec(1, 30, False), False),
    ],
)
def test_billing_is_asked_for_a_renewal_only_where_it_does_not_renew_by_itself(order, spec, sent):
    calls = bssopenapi_renewal.renewal_changes(spec, order, END - 5 * DAY)

    assert [call.parameters["RenewPeriod"] for call in calls] == (["1"] if sent else [])


@pytest.mark.parametrize("told", ["", "soon"])
def test_an_end_that_cannot_be_read_is_not_guessed(told):
    with pytest.raises(Unmet, match="does not tell when blinkonecs_1 ends"):
        bssopenapi_renewal.renewal_changes(TermSpec(1, 30, False), replace(ORDER, end_time=told), END)


@pytest.mark.parametrize(
    ("months", "has", "period"),
    [
        (1, ("ManualRenewal", "1", "M"), ("1", "M")),
        (12, ("AutoRenewal", "1", "M"), ("1", "Y")),
        (24, ("NotRenewal", "", ""), ("2", "Y")),
        (6, ("AutoRenewal", "6", "M"), None),
    ],
)
def test_automatic_renewal_is_set_when_it_is_other_than_wanted(months, has, period):
    status, duration, unit = has
    order = replace(ORDER, renew_status=status, renewal_period=duration, renewal_unit=unit)

    calls = bssopenapi_renewal.auto_renewal_changes(TermSpec(months, 30, True), order)

    sent = [(call.parameters["RenewalPeriod"], call.parameters["RenewalPeriodUnit"]) for call in calls]
    assert sent == ([period] if period else [])
    assert bssopenapi_renewal.auto_renewal_changes(TermSpec(months, 30, False), order) == []


@pytest.mark.parametrize(("rows", "wanted"), [((), ""), ((ORDER, ORDER), ""), ((ORDER,), "blinkonecs_2")])
def test_what_is_renewed_is_beyond_doubt(rows, wanted):
    with pytest.raises(ManualStep, match=r"cluster\.order_id"):
        bssopenapi_renewal.pick_instance(rows, wanted, "cn-hangzhou")
