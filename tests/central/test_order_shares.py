"""A quota divided among the edges of a gate: the form says which share is wrong, and the rule holds what was given."""

import msgspec
import pytest

from central.actions.order_form import OrderForm, document_text
from central.actions.order_shares import check_shares
from central.actions.ordering import OrderRefusedError
from sync.agreement.policy import parse_policy_text
from sync.agreement.policy.lane_rules import QuotaShare
from tests.central.test_order_form import FORM

EDGES = [("mong-cai", "mong-cai-1"), ("mong-cai", "mong-cai-2"), ("hoanh-mo", "hoanh-mo-1")]
QUOTA = {"state": "restricted", "quota_per_day": 200, "point_of_entry_ids": ["mong-cai"]}
ONE, OTHER = {"edge_id": "mong-cai-1", "per_day": 150}, {"edge_id": "mong-cai-2", "per_day": 50}


def form_of(*shares, **fields) -> OrderForm:
    return msgspec.convert({**FORM, **QUOTA, "shares": shares, **fields}, OrderForm)


def refused(form: OrderForm) -> tuple[str, str]:
    with pytest.raises(OrderRefusedError) as refusal:
        check_shares(form, edges_of_gates=EDGES)
    return refusal.value.code, refusal.value.detail


def test_the_rule_holds_the_shares_that_the_form_gives():
    form = form_of(ONE, {**OTHER, "per_hour": 0}, quota_per_hour=20)
    text = document_text(form_of(ONE, OTHER), version=1)
    [rule] = parse_policy_text(text, name="form").rules

    check_shares(form_of(ONE, OTHER), edges_of_gates=EDGES)
    assert rule.shares == (QuotaShare(edge_id="mong-cai-1", per_day=150), QuotaShare(edge_id="mong-cai-2", per_day=50))
    assert rule.held_at("mong-cai-2").quota_per_day == 50
    assert refused(form) == ("share_without_number", "mong-cai-1")


@pytest.mark.parametrize(
    ("shares", "fields", "code", "detail"),
    [
        ([ONE], {}, "edge_without_share", "mong-cai-2"),
        ([ONE, OTHER, {"edge_id": "hoanh-mo-1", "per_day": 0}], {}, "share_of_no_edge", "hoanh-mo-1"),
        ([ONE, OTHER, ONE], {}, "share_of_no_edge", "mong-cai-1"),
        ([ONE, {**OTHER, "per_day": 51}], {}, "shares_exceed_quota", "201 > 200"),
        ([ONE, {"edge_id": "mong-cai-2", "per_hour": 3}], {}, "share_without_number", "mong-cai-2"),
        ([ONE, OTHER], {"point_of_entry_ids": []}, "shares_need_one_gate", ""),
        ([ONE, OTHER], {"point_of_entry_ids": ["mong-cai", "hoanh-mo"]}, "shares_need_one_gate", "mong-cai, hoanh-mo"),
        ([ONE, OTHER], {"quota_per_day": None}, "shares_need_quota", "quota_per_day, quota_per_hour"),
    ],
)
def test_shares_that_do_not_fit_are_refused_with_what_is_wrong(shares, fields, code, detail):
    assert refused(form_of(*shares, **fields)) == (code, detail)


def test_an_order_without_shares_asks_nothing_of_the_edges():
    form = form_of()
    check_shares(form, edges_of_gates=[])
    assert "shares" not in document_text(form, version=1)
