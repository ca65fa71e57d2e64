"""The desk draws the express cases that nobody waits for any more; the command page draws what covers a gate."""

from sync.agreement.vocabulary import Disposition, RevocationReason, SettlementReason
from tests.central.edges import express
from tests.central.gate_samples import a_shift, lane, reconciled
from tests.central.pushes import push
from tests.central.test_units_in_a_browser import stage  # noqa: F401  # a fixture
from tests.sync.exchange.journals import screened
from tests.web.test_screens_in_a_browser import open_page, violations


def test_settled_cases_are_listed_and_opened_and_coverage_is_drawn_with_its_rows(page, stage):  # noqa: F811
    store, clock = stage.centre.store, stage.centre.clock
    hour = clock().replace(minute=0, second=0, microsecond=0)
    seen = reconciled(lane("lane-1", seen=12, logged=11), lane("lane-2", seen=5, logged=5), starts_at=hour)
    for body in (*a_shift(), seen):
        stage.journal.write(body, at=clock())
    push(stage.reception, stage.journal)
    stage.journal.write(screened("lost-1", disposition=Disposition.PENDING, at=clock()), at=clock())
    express(stage.reception, stage.lane, stage.journal, len(stage.journal.entries))
    store.edges.revoke("mong-cai-1", reason=RevocationReason.DESTROYED, now=clock())
    store.desk.settle("lost-1", reason=SettlementReason.UNIT_GONE, by="cdc", now=clock())

    open_page(page, stage.url, "/desk", username="cdc")
    link = page.locator("#settled a")
    link.wait_for()
    assert "không còn chờ" in page.locator("#settled-title").inner_text()
    link.click()
    page.locator("#detail .provisional").first.wait_for()
    assert page.url.endswith("/desk/lost-1")
    assert violations(page) == []

    open_page(page, stage.url, "/command", username="chihuy")
    page.locator("#coverage th").first.wait_for()
    assert page.locator("#coverage td").all_inner_texts()[:4] == ["17", "16", "1", "0"]
    assert "day=" in page.locator("#coverage-rows").get_attribute("href")
    assert violations(page) == []
