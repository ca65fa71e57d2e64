"""The laws of a drill's score, over any journal."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.drill import LineState, Noted, load_scenario, timeline_of
from checkpoint.drill.debrief import COLUMNS, debrief, timeline_rows
from sync.agreement.labels_catalogue import LANGUAGES, Catalogue

BEGAN = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SCRIPT = load_scenario("two-fevers-full-room")
FIRST, SECOND = SCRIPT.inject
ACTS = {
    "alarm": ("crossing_screened", {"disposition": "pending"}),
    "referred": ("temperature_rechecked", {"disposition": "referred"}),
    "isolated": ("traveller_isolated", {}),
    "departed": ("handover_departed", {}),
    "arrived": ("handover_arrived", {}),
}
AFTER_S = st.floats(min_value=0.5, max_value=9000, allow_nan=False)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def record(kind: str, *, seconds: float, lane_id="lane-1", **said) -> Noted:
    number = abs(hash((kind, seconds, lane_id, str(sorted(said.items())))))
    return Noted(
        record_id=str(UUID(int=number)),
        type=kind,
        at=at(seconds),
        observed_at=at(seconds),
        lane_id=lane_id,
        officer_ref="can-bo",
        said=said,
    )


def played(inject, *, seconds: float) -> Noted:
    return record("exercise_inject_played", seconds=seconds, lane_id=f"lane-{inject.lane}", inject_id=inject.id)


def act(word: str, *, crossing_id: str, seconds: float, lane_id="lane-1", came_s=0.2) -> Noted:
    kind, said = ACTS[word]
    presented = {"presented_at": at(came_s).isoformat()} if kind == "crossing_screened" else {}
    return record(kind, seconds=seconds, lane_id=lane_id, crossing_id=crossing_id, **said, **presented)


def opened() -> list[Noted]:
    return [record("exercise_opened", seconds=-1, scenario_id=SCRIPT.id), played(FIRST, seconds=0)]


def closed(seconds=20_000, *, is_whole=True) -> Noted:
    return record("exercise_closed", seconds=seconds, is_whole=is_whole)


def drill(delays: dict[str, float]) -> list[Noted]:
    """The first traveller of the script, with the acts that were done and after how long."""
    alarm = {} if not delays else {"alarm": min(delays.values())}
    return opened() + [act(word, crossing_id="c1", seconds=delay) for word, delay in (alarm | delays).items()]


def told(records, *, now_s=30_000.0):
    return timeline_of(SCRIPT, records, now=at(now_s))


def line_of(timeline, word, inject=FIRST):
    return next(line for line in timeline.lines if (line.inject_id, line.act) == (inject.id, word))


doings = st.dictionaries(st.sampled_from(["referred", "isolated"]), AFTER_S)


@given(doings, st.randoms())
def test_the_order_in_which_records_are_given_changes_nothing(delays, chance):
    records = [*drill(delays), closed()]
    shuffled = list(records)
    chance.shuffle(shuffled)
    assert told(shuffled + records) == told(records)


@given(doings, st.sampled_from(["referred", "isolated"]), st.floats(min_value=0, max_value=1))
def test_doing_an_act_earlier_never_earns_less(delays, word, share):
    if word not in delays:
        delays[word] = 9000.0
    earlier = delays | {word: max(0.3, delays[word] * share)}
    assert line_of(told(drill(earlier)), word).points >= line_of(told(drill(delays)), word).points


@given(doings)
def test_points_lie_between_nothing_and_what_was_possible(delays):
    timeline = told([*drill(delays), closed()])
    assert 0 <= timeline.points <= timeline.possible
    assert timeline.possible == sum(one.points for one in FIRST.expect), "what was not played is not counted"


@given(AFTER_S)
def test_an_act_counts_whole_within_its_limit_half_after_it_and_says_after_how_long(delay):
    line = line_of(told([*drill({"isolated": delay}), closed()]), "isolated")
    assert line.seconds == pytest.approx(delay, abs=1e-5)
    assert line.state is (LineState.DONE if line.done_at <= line.due_at else LineState.LATE)
    assert line.points == line.possible * (1 if line.is_within else 0.5)


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), AFTER_S), max_size=6))
def test_acts_about_somebody_else_earn_nothing(doings):
    others = [act(word, crossing_id="other", seconds=delay, lane_id="lane-2") for word, delay in doings]
    assert told([*opened(), *others, closed()]).points == 0


def test_two_fevers_at_once_are_two_people_each_with_their_own_acts():
    records = [
        *opened(),
        act("alarm", crossing_id="c1", seconds=2),
        played(SECOND, seconds=10),
        act("alarm", crossing_id="c2", seconds=12, lane_id="lane-2", came_s=10.5),
        act("referred", crossing_id="c2", seconds=60, lane_id="lane-2"),
        closed(),
    ]
    timeline = told(records)
    assert line_of(timeline, "referred").state is LineState.MISSED
    assert line_of(timeline, "referred", SECOND).seconds == 50
    assert line_of(timeline, "alarm", SECOND).record_id != line_of(timeline, "alarm").record_id


def test_a_second_traveller_at_one_lane_takes_over_from_the_moment_of_coming():
    script = load_scenario("fever-at-peak-hour")
    first, second = script.inject[:2]
    passed = {"disposition": "cleared"}
    records = [
        played(first, seconds=0),
        record("crossing_screened", seconds=3, crossing_id="c1", presented_at=at(0.2).isoformat(), **passed),
        played(second, seconds=20),
        record("crossing_screened", seconds=90, crossing_id="c2", presented_at=at(21).isoformat(), **passed),
    ]
    lines = {line.inject_id: line for line in timeline_of(script, records, now=at(100)).lines}
    assert (lines[first.id].seconds, lines[first.id].state) == (3, LineState.DONE)
    assert (lines[second.id].seconds, lines[second.id].state) == (70, LineState.LATE)


def test_a_record_that_was_given_for_a_crossing_proves_an_act_about_that_traveller():
    script = load_scenario("group-one-missing")
    first = script.injects["first-member"]
    records = [
        played(first, seconds=0),
        record("crossing_screened", seconds=3, crossing_id="c1", presented_at=at(0.2).isoformat()),
        record("group_member_seen", seconds=3, given_for="c1"),
    ]
    lines = timeline_of(script, records, now=at(100)).lines
    assert next(line.state for line in lines if line.act == "member_seen") is LineState.DONE
    assert (
        timeline_of(script, [*records[:2], record("group_member_seen", seconds=3, given_for="c9")], now=at(9)).points
        == 0
    )


def test_what_must_not_be_done_is_kept_when_its_time_is_over_and_broken_at_once():
    script = load_scenario("scanner-fallback")
    hand = script.injects["by-hand"]
    excepted = record(
        "crossing_screened",
        seconds=5,
        crossing_id="c1",
        presented_at=at(0.5).isoformat(),
        exception={"code": "device_failure"},
    )
    states = []
    for records, now_s in (([], 30), ([], 90), ([excepted], 6)):
        timeline = timeline_of(script, [played(hand, seconds=0), *records], now=at(now_s))
        states.append(next(line.state for line in timeline.lines if line.must_not))
    assert states == [LineState.WAITING, LineState.KEPT, LineState.BROKEN]


def test_of_a_drill_that_was_broken_off_only_what_was_decided_counts():
    timeline = told([*drill({}), act("alarm", crossing_id="c1", seconds=2), closed(40, is_whole=False)])
    assert (timeline.is_whole, timeline.points, timeline.possible) == (False, 2.0, 2.0)
    assert timeline.count(LineState.NOT_PLAYED) == len(timeline.lines) - 1


def test_while_it_runs_an_act_waits_until_its_limit_and_is_missed_after_it():
    limit_s = FIRST.expect[0].within_s
    assert line_of(told(opened(), now_s=limit_s), "alarm").state is LineState.WAITING
    assert line_of(told(opened(), now_s=limit_s + 0.1), "alarm").state is LineState.MISSED


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_debrief_names_each_act_to_practise_with_its_clause(language):
    timeline = told([*drill({"isolated": 8000.0}), closed()])
    catalogue = Catalogue.load(language)
    said = debrief(timeline, scenario=SCRIPT, catalogue=catalogue)
    weak = [line for line in timeline.lines if line.state in {LineState.LATE, LineState.MISSED}]
    assert weak
    for line in weak:
        assert any(line.clause in text and catalogue.text("drill_act", line.act) in text for text in said)
    assert all("{" not in text for text in said)
    rows = timeline_rows(timeline, scenario=SCRIPT, catalogue=catalogue, lanes={"lane-1": "Làn 1"})
    assert len(rows) == len(timeline.lines)
    assert rows[0][COLUMNS.index("lane")] == "Làn 1", "whoever reads it knows the lane by its label"
    assert msgspec.json.decode(msgspec.json.encode(timeline))["scenario_id"] == SCRIPT.id
