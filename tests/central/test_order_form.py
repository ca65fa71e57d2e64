"""What the command page's form says becomes a policy document, or is refused; pure, without a centre."""

import msgspec
import pytest

from central.actions.order_form import OrderForm, document_text
from sync.agreement.policy import PolicyError, parse_policy_text

FORM = {
    "document_number": "07/CĐ-UBND",
    "title": "Hạn chế cư dân biên giới",
    "issuing_body": "Chủ tịch UBND tỉnh Quảng Ninh",
    "clause": "mục 2",
    "quote": 'nguyên văn "trong ngoặc"',
    "effective_from": "2026-11-22",
}
PLACE = {"subject": "place", "name_vi": "Chợ Đông Hưng", "was_from": "2026-11-20T06:00", "was_to": "2026-11-20T11:30"}


def rule_of(**fields):
    form = msgspec.convert({**FORM, **fields}, OrderForm)
    [rule] = parse_policy_text(document_text(form, version=1), name="form").rules
    return rule


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "stopped", "effective_hour": "16:00"},
        {"state": "restricted", "opens_at": "20:00", "closes_at": "04:00", "quota_per_hour": 30},
        {"state": "restricted", "purposes": ["medical", "official_duty"]},
        {"state": "restricted", "quota_per_day": 200, "directions": ["entry"]},
        {"subject": "scenario", "scenario": "scenario_3"},
        {**PLACE, "area_codes": ["CN-45-0681"]},
        {"subject": "risk_area", "name_vi": "Bằng Tường", "area_codes": ["CN-45-1481"]},
    ],
    ids=str,
)
def test_a_form_becomes_one_rule_with_its_clause(fields):
    rule = rule_of(**fields)
    assert (rule.citation.document, rule.citation.clause) == ("07/CĐ-UBND", "mục 2")
    assert rule.rule_id == "orders-07-cd-ubnd-1"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"state": "restricted"},
        {"state": "stopped", "quota_per_hour": 3},
        {"state": "restricted", "opens_at": "20:00"},
        {"state": "restricted", "opens_at": "20:00", "closes_at": "20:00"},
        {"subject": "scenario"},
        {"subject": "risk_area", "name_vi": "Bằng Tường"},
        {**PLACE, "was_to": None},
        {**PLACE, "was_to": "2026-11-20T05:00"},
        {**PLACE, "name_vi": None},
    ],
    ids=str,
)
def test_a_form_that_is_no_order_is_refused(fields):
    with pytest.raises(PolicyError):
        rule_of(**fields)


def test_an_order_begins_at_its_local_hour_and_at_midnight_without_one():
    assert rule_of(state="stopped").effective_from.isoformat() == "2026-11-21T17:00:00+00:00"
    assert rule_of(state="stopped", effective_hour="16:00").effective_from.isoformat() == "2026-11-22T09:00:00+00:00"


def test_the_text_of_an_order_without_the_newer_fields_is_what_it_always_was():
    form = msgspec.convert({**FORM, "state": "stopped", "redirect_to": "mong-cai"}, OrderForm)
    rule = document_text(form, version=1).partition("[[rule]]")[2].partition("[rule.applies_to]")[0]
    assert rule.split("\n") == [
        "",
        'kind = "traffic_order"',
        'rule_id = "orders-07-cd-ubnd-1"',
        "effective_from = 2026-11-22T00:00:00+07:00",
        'state = "stopped"',
        'redirect_to = "mong-cai"',
        "",
        "",
    ]
