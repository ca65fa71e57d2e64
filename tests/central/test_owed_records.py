"""What a gate still owes is printed as what it is, never as nought; and which orders have reached it."""

from datetime import timedelta
from pathlib import Path

import pytest

from central.actions.downlink import Downlink
from central.actions.freezing import freeze
from central.actions.opening import open_centre
from central.actions.printing import print_revision
from central.actions.reception import Reception
from central.report.daily_report import decode_report
from central.report.wording import words_of
from central.settings import load_settings
from sync.agreement.labels_catalogue import Catalogue
from sync.exchange.chain import GENESIS_HASH
from sync.exchange.messages import DownQuestion
from tests.central.edges import ask_as, renew
from tests.central.pushes import ask, push
from tests.central.running import write_settings
from tests.central.test_ordering import issue
from tests.central.test_ordering import text as order_text
from tests.central.visitors import HandClock, signed_in
from tests.sync.exchange.journals import screened


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def store(centre):
    return centre.store


@pytest.fixture
def reception(centre, clock):
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


def frozen(centre):
    revision = freeze(centre, centre.report_day(), by="test", is_early=True)
    report = decode_report(print_revision(centre, centre.report_day(), revision=revision, kind="json"))
    return report, words_of(report, place="Quảng Ninh", labels=Catalogue.load("vi"))


def line_of(words, name: str):
    return next(gate for gate in words["gates"] if name in gate["name"])


def test_a_backlog_that_has_not_come_is_awaited_and_not_nought(centre, reception, journal, other_journal, clock):
    for number in range(5):
        journal.write(screened(f"c{number}", temperature_c=36.5))
    ask(reception, journal)
    ask(reception, other_journal)

    report, words = frozen(centre)

    assert line_of(words, "Móng Cái")["notice"] == "CHỜ DỮ LIỆU: còn 5 bản ghi tại cửa khẩu chưa gửi"
    assert any("Móng Cái" in name for name in report.units_without_figures)
    assert line_of(words, "Hoành Mô")["cells"][0] == "0"
    with signed_in(centre, username="chihuy", role="command") as command:
        gates = {gate["point_of_entry_id"]: gate for gate in command.get("/api/command/figures").json()["gates"]}
    assert (gates["mong-cai"]["figures"], gates["mong-cai"]["pending_records"]) == (None, 5)
    (unit,) = gates["mong-cai"]["units"]
    assert {name: count for name, count in unit.items() if name.endswith("_records")} == {
        "pending_records": 5,
        "lost_records": 0,
        "recovered_records": 0,
        "quarantined_records": 0,
        "unprojected_records": 0,
    }
    assert gates["hoanh-mo"]["figures"]["crossings"] == 0

    clock.now += timedelta(minutes=1)
    push(reception, journal, last=3)
    later, words = frozen(centre)
    assert (later.revision, later.totals.crossings) == (2, 3)
    assert any("còn 2 bản ghi chưa gửi về tỉnh" in note for note in words["gate_notes"])
    push(reception, journal)
    last, words = frozen(centre)
    assert (last.revision, last.totals.crossings, words["gate_notes"]) == (3, 5, [])


def test_the_report_prints_each_unit_and_the_signed_head_that_covers_it(centre, reception, journal, clock):
    journal.write(screened("c1"))
    push(reception, journal)
    renew(reception, journal, own_sequence=1, high_water=4)

    report, words = frozen(centre)

    assert (report.signed_head.position, report.signed_head.hash) == (1, report.ledger_hash)
    assert any(report.signed_head.hash in line for line in words["provenance"])
    unit = next(line for line in words["quality"] if line.startswith("Máy mong-cai-1"))
    assert "đời 1, đến bản ghi 1, liên lạc cuối" in unit
    assert unit.endswith("mất 0.")
    assert print_revision(centre, centre.report_day(), revision=1, kind="pdf").startswith(b"%PDF")
    assert centre.store.verify().report_revisions == 1


def test_a_day_that_is_covered_by_later_records_awaits_nothing(centre, reception, journal, clock):
    journal.write(screened("c1"))
    journal.write(screened("tomorrow", at=clock.now + timedelta(days=1)), at=clock.now + timedelta(days=1))
    journal.write(screened("later", at=clock.now + timedelta(days=1)), at=clock.now + timedelta(days=1))
    push(reception, journal, last=2)
    ask_as(reception, journal)
    (standing,) = centre.store.figures.standings()
    assert standing.pending_records == 1
    assert standing.pending_for(clock.now) == 0
    assert standing.pending_for(clock.now + timedelta(days=2)) == 1


def test_command_sees_which_gates_an_order_has_reached(centre, reception, journal, other_journal, clock):
    issue(centre, order_text())
    downlink = Downlink(centre.store, signing_key=centre.keys.signing, clock=clock)

    def order():
        clock.now += timedelta(seconds=3)
        with signed_in(centre, username="chihuy", role="command") as command:
            orders = command.get("/api/command/figures").json()["orders"]
        return next(one for one in orders if one["order_id"] == "qn-2026-07-residents")

    def fetch(edge, after, after_hash):
        question = DownQuestion(edge=edge.edge_id, incarnation=1, nonce="n", after=after, after_hash=after_hash.hex())
        signature = question.signature(key=edge.key)
        return downlink.answer(question, signature=signature, doorway=reception.doorway)

    assert (order()["reached"], order()["gates"]) == (0, 2)
    page = fetch(journal, 0, GENESIS_HASH)
    assert order()["reached"] == 0  # sent is not received: the edge's next question says so
    fetch(journal, page.last, bytes.fromhex(page.head_hash))
    told = order()
    assert (told["reached"], told["applied"]) == (1, 0)
    assert [name["vi"] for name in told["not_reached"]] == [
        centre.deployment.point_of_entry("hoanh-mo").names.vi,
    ]


def test_health_and_metrics_count_the_alarms_that_stand(centre, reception, journal):
    ask_as(reception, journal, instance="1" * 32, start_number=4)
    ask_as(reception, journal, instance="2" * 32, start_number=4)
    with signed_in(centre, username="quantri", role="administrator") as somebody:
        assert somebody.get("/api/health").json()["alarms"] == {"identity_duplicate": 1}
        metrics = somebody.get("/metrics").text
    assert 'kiemdich_alarms{kind="identity_duplicate"} 1.0' in metrics
    assert 'kiemdich_alarms{kind="ledger_rewritten"} 0.0' in metrics
