"""What gates wrote beside crossings, as the desk and the command read it; each figure opens its rows."""

import csv
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.settings import load_settings
from central.store.gate_reading import COVERED, CoverageRow, coverage_by_gate
from sync.agreement.records import CrossingWithdrawn
from sync.agreement.vocabulary import Disposition, Symptom
from tests.central.gate_samples import HOUR, a_shift, checked, declared, lane, reconciled, slip
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in
from tests.demands import demand
from tests.sync.exchange.journals import rechecked, screened


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url, tmp_path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def store(centre):
    return centre.store


@pytest.fixture
def reception(centre, clock):
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


def sent(reception, journal, *bodies) -> None:
    for body in bodies:
        journal.write(body)
    push(reception, journal)


@demand("R025")
def test_the_desk_reads_a_persons_declaration_and_slips_among_the_acts(centre, reception, journal):
    fever = screened("c1", disposition=Disposition.PENDING)
    ended = rechecked("c1", disposition=Disposition.REFERRED)
    sent(reception, journal, declared("c1", symptoms=(Symptom.COUGH,)), fever, checked("c1"), ended, slip("c2"))
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        timeline = cdc.get("/api/desk/c1").json()["timeline"]
    lines = {line["type"]: line["codes"] for line in timeline}
    assert set(lines) == {
        "declaration_received",
        "crossing_screened",
        "declaration_checked",
        "temperature_rechecked",
    }
    assert lines["declaration_received"] == ["desk.channel_phone", "Symptom.cough", "declaration.exposure_slaughter"]
    assert lines["declaration_checked"] == [
        "declaration.flag_no_fever_but_raised",
        "declaration.resolution_explained",
    ]


def test_command_sees_coverage_per_gate_with_its_hour_and_opens_the_rows(centre, reception, journal, other_journal):
    sent(
        reception,
        journal,
        *a_shift(),
        reconciled(lane("lane-1", seen=8, logged=7, not_measured=1), starts_at=HOUR + timedelta(hours=1)),
        reconciled(lane("lane-1", seen=900, logged=9), starts_at=HOUR - timedelta(days=2)),
    )
    sent(reception, other_journal, declared("c9"))
    with signed_in(centre, username="chihuy", role="command") as command:
        figures = command.get("/api/command/figures").json()
        text = command.get(f"/api/command/coverage.csv?day={figures['report_day']}").text
        of_one = command.get("/api/command/coverage.csv?gate=hoanh-mo").text
        assert command.get("/api/command/coverage.csv?day=0001-01-01").status_code == 404
    gates = {gate["point_of_entry_id"]: gate for gate in figures["gates"]}
    covered = gates["mong-cai"]["coverage"]
    assert (covered["hours"], covered["hours_listed"]) == (2, 0)
    assert covered["as_of"] == (HOUR + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    sums = {name: covered["figures"][name] for name in ("seen", "logged", "seen_not_logged", "not_measured")}
    assert sums == {"seen": 25, "logged": 23, "seen_not_logged": 2, "not_measured": 1}
    assert gates["hoanh-mo"]["coverage"] is None, "what nobody reconciled is not nought"
    assert gates["mong-cai"]["beside"]["own_temperatures_raised"] == {"end": 1}
    assert gates["hoanh-mo"]["beside"] == {"declarations": {"phone": 1}}
    rows = list(csv.DictReader(text.lstrip("\ufeff").splitlines()))
    assert len(rows) == 3
    for name in COVERED:
        assert sum(int(row[name]) for row in rows) == covered["figures"][name]
    assert len(of_one.splitlines()) == 1


@demand("R025")
def test_a_declaration_that_two_edges_used_is_listed_with_both_crossings(centre, reception, journal, other_journal):
    again = msgspec.structs.replace(declared("c9"), declaration_id="d-c1")
    sent(reception, journal, screened("c1"), declared("c1"), screened("c2"), declared("c2"))
    sent(reception, other_journal, screened("c9", gate="hoanh-mo"), again)
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        day = cdc.get("/api/command/figures").json()["report_day"]
        beside = f"/api/reports/{day}/beside"
        lines = {one["figure"]: one["counts"] for one in cdc.get(f"{beside}/figures").json()["lines"]}
        rows = cdc.get(f"{beside}/rows?figure=declarations_repeated").json()["rows"]
        of_one = cdc.get(f"{beside}/rows?figure=declarations_repeated&gate=hoanh-mo").json()["rows"]
        text = cdc.get(f"{beside}/declarations_repeated.csv").text
    assert lines["declarations_repeated"] == {"mong-cai": 1, "hoanh-mo": 1}
    assert {(one["crossing_id"], one["reference"]) for one in rows} == {("c1", "d-c1"), ("c9", "d-c1")}
    assert [one["crossing_id"] for one in of_one] == ["c9"]
    assert len(text.strip().splitlines()) == 3

    sent(reception, other_journal, CrossingWithdrawn(crossing_id="c9", withdraws_record_id=str(uuid4()), reason="x"))
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        figures = [one["figure"] for one in cdc.get(f"{beside}/figures").json()["lines"]]
    assert "declarations_repeated" not in figures, "what was logged in error used nothing"


COUNTS = st.integers(0, 50)
ROWS = st.builds(
    CoverageRow,
    point_of_entry_id=st.sampled_from(["mong-cai", "hoanh-mo"]),
    edge_id=st.sampled_from(["e1", "e2"]),
    starts_at=st.integers(0, 5).map(lambda hours: HOUR + timedelta(hours=hours)),
    revision=st.just(1),
    lane_id=st.sampled_from(["lane-1", "lane-2"]),
    **dict.fromkeys(COVERED, COUNTS),
)


@given(st.lists(ROWS, max_size=20))
def test_the_gates_sums_are_those_of_their_rows(rows):
    covered = coverage_by_gate(rows)
    assert covered.keys() == {row.point_of_entry_id for row in rows}
    for name in COVERED:
        assert sum(gate.figures[name] for gate in covered.values()) == sum(getattr(row, name) for row in rows)
