"""The command page's form of an order in a real Chromium: fill in, read what it will do, issue."""

import pytest

from central.store.issued import IssuedPolicies
from sync.agreement.policy import parse_policy_text
from sync.agreement.policy.lane_rules import QuotaShare
from tests.central.conftest import enrolled
from tests.central.test_units_in_a_browser import shoot, stage  # noqa: F401  # a fixture
from tests.sync.exchange.journals import EdgeJournal
from tests.web.test_screens_in_a_browser import open_page, violations

WORDS = {
    "document_number": "09/CĐ-UBND",
    "title": "Hạn chế cư dân biên giới",
    "clause": "mục 3",
    "quote": "mỗi ngày không quá 200 lượt",
    "quota_per_day": "200",
}


def fill(page, **fields):
    for name, value in fields.items():
        page.fill(f"dialog[open] #field-{name}", value)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_quota_of_a_gate_with_two_edges_is_divided_in_the_form_and_read_before_it_is_issued(page, stage, theme):  # noqa: F811
    store, clock = stage.centre.store, stage.centre.clock
    enrolled(EdgeJournal("mong-cai-2"), gate="mong-cai", store=store, clock=clock)
    open_page(page, stage.url, "/command", username="chihuy", theme=theme)
    page.click("#issue-order")
    form = page.locator("dialog[open]")
    form.locator("summary", has_text="Giờ và hạn mức").click()
    assert "trade_or_work" not in form.inner_text(), "each choice in words"
    form.locator("input[name=state][value=restricted]").check()
    form.locator("input[name=point_of_entry_ids][value=mong-cai]").check()
    fill(page, **WORDS)
    fill(page, **{"share_day_mong-cai-1": "150", "share_day_mong-cai-2": "51"})
    shoot(page, f"order-shares-{theme}")
    assert violations(page) == []
    form.locator("button[type=submit]").click()
    form.get_by_text("201 > 200").wait_for()
    fill(page, **{"share_day_mong-cai-2": "50"})
    form.locator("button[type=submit]").click()
    page.locator("dialog[open] dl", has_text="mong-cai-1: 150 · mong-cai-2: 50").wait_for()
    shoot(page, f"order-confirm-{theme}")
    page.locator("dialog[open] button[type=submit]").click()
    page.locator("#saved", has_text="09/CĐ-UBND").wait_for()
    issued = IssuedPolicies(store.engine).after((0, 0))[-1].body
    [rule] = parse_policy_text(issued.document, name="issued").rules
    assert rule.shares == (QuotaShare(edge_id="mong-cai-1", per_day=150), QuotaShare(edge_id="mong-cai-2", per_day=50))
