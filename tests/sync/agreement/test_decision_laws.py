"""Laws of the decision: no order, quota, override, answer or exception ever stands in for a measurement."""

from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.agreement.assessment import assess
from sync.agreement.decision_words import OverrideReason
from sync.agreement.facts import CrossingCount, Facts, Override
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.policy import OVERRIDABLE, PolicyError
from sync.agreement.vocabulary import ExceptionCode, Outcome, ReasonCode, Role, Severity, TravellerCategory
from tests.demands import demand
from tests.sync.agreement.crossings import (
    NOON,
    as_a_law,
    codes,
    crossing,
    crossings,
    order_document,
    overrides,
    policy,
    raised_readings,
    scanned,
    scanner_readings,
    unusable_readings,
)

WORST = Override(code=OverrideReason.MEDICAL_EMERGENCY, role=Role.GATE_HEAD, covers=tuple(ReasonCode))
RESIDENTS = {"categories": ["border_resident"], "directions": ["entry"]}
MARKET = {
    "kind": "exposure_place",
    "place": "cho-dong-hung",
    "names": {"vi": "Chợ Đông Hưng", "en": "Dongxing market", "zh": "东兴市场"},
    "was_from": NOON - timedelta(days=3, hours=4),
    "was_to": NOON - timedelta(days=3),
}
IN_FORCE = [
    policy(),
    policy("lai-chau"),
    policy().with_orders(order_document({"kind": "scenario_declared", "scenario": "scenario_3"})),
    policy().with_orders(order_document(MARKET, {"kind": "traffic_order", "state": "stopped"})),
]
policies = st.sampled_from(IN_FORCE)
usable = st.lists(scanner_readings(may_be_unusable=False), min_size=1, max_size=2).map(tuple)


def restricted(**limits):
    rule = {"kind": "traffic_order", "state": "restricted", "applies_to": RESIDENTS, **limits}
    return policy().with_orders(order_document(rule))


def counted(today: int, this_hour: int, **changes) -> CrossingCount:
    one = crossing()
    fields = {"category": one.category, "direction": one.direction, **changes}
    return CrossingCount(today=today, this_hour=this_hour, **fields)


@demand("R008", "R011")
@as_a_law
@given(
    facts=crossings(measurements=st.lists(unusable_readings, max_size=2).map(tuple)), override=overrides, by=policies
)
def test_no_category_pass_order_override_or_visit_clears_somebody_unmeasured(facts: Facts, override, by):
    for chosen in (override, WORST):
        unmeasured = msgspec.structs.replace(facts, exception_code=None, override=chosen)
        assert assess(unmeasured, by, at=NOON).outcome is not Outcome.CLEARED


@as_a_law
@given(facts=crossings(), raised=raised_readings, override=overrides, by=policies)
def test_no_override_takes_back_a_raised_reading(facts: Facts, raised, override, by):
    for chosen in (override, WORST):
        alarmed = msgspec.structs.replace(facts, measurements=(*facts.measurements, raised), override=chosen)
        assert assess(alarmed, by, at=NOON).outcome in {Outcome.RECHECK, Outcome.REFERRED}


@as_a_law
@given(facts=crossings(), override=overrides, by=policies)
def test_an_override_never_makes_an_outcome_graver_and_only_the_listed_reasons_become_notes(facts, override, by):
    order = [Outcome.CLEARED, Outcome.WAIT, Outcome.REFUSED, Outcome.RECHECK, Outcome.REFERRED]
    plain = assess(msgspec.structs.replace(facts, override=None), by, at=NOON)
    after = assess(msgspec.structs.replace(facts, override=override), by, at=NOON)
    assert order.index(after.outcome) <= order.index(plain.outcome)
    was = {(reason.code, reason.rule_id) for reason in plain.reasons if reason.severity is not Severity.NOTE}
    still = {(reason.code, reason.rule_id) for reason in after.reasons if reason.severity is not Severity.NOTE}
    gone = {code for code, _ in was - still}
    assert gone <= OVERRIDABLE.intersection(override.covers)
    assert (ReasonCode.OVERRIDDEN.value in codes(after)) is bool(gone)


@pytest.mark.parametrize("code", sorted(set(ReasonCode) - OVERRIDABLE))
def test_no_document_can_let_anybody_override_what_a_thermometer_said_or_that_none_did(code):
    rule = {
        "kind": "override_rule",
        "reason_codes": [code.value],
        "codes": ["medical_emergency"],
        "roles": ["gate_head"],
    }
    with pytest.raises(PolicyError, match="nobody may override"):
        order_document(rule)


@demand("R012")
@as_a_law
@given(facts=crossings(measurements=usable))
def test_a_stopped_gate_never_gives_green_unless_somebody_overrides_it(facts: Facts):
    """Whoever was found outside a gate asks for no passage: such a person is handed back, not let in."""
    stopped = policy().with_orders(order_document({"kind": "traffic_order", "state": "stopped"}))
    facts = msgspec.structs.replace(facts, override=None)
    is_cleared = assess(facts, stopped, at=NOON).outcome is Outcome.CLEARED
    assert not is_cleared or facts.category is TravellerCategory.ILLEGAL_CROSSING


@demand("R012")
@as_a_law
@given(quota=st.integers(1, 50), today=st.integers(0, 60), elsewhere=st.integers(0, 60))
def test_a_quota_lets_exactly_so_many_pass_and_counts_only_those_that_it_means(quota, today, elsewhere):
    others = (counted(elsewhere, elsewhere, direction="exit"), counted(elsewhere, elsewhere, category="tourist"))
    facts = crossing(scanned(36.0), crossings_counted=(counted(today, 0), *others))
    found = assess(facts, restricted(quota_per_day=quota), at=NOON)
    assert (found.outcome is Outcome.CLEARED) is (today < quota)
    of_hour = crossing(scanned(36.0), crossings_counted=(counted(99, today), *others))
    assert (assess(of_hour, restricted(quota_per_hour=quota), at=NOON).outcome is Outcome.CLEARED) is (today < quota)


@as_a_law
@given(
    opens=st.times(timezones=st.none()).map(lambda at: at.replace(microsecond=0)),
    closes=st.times(timezones=st.none()).map(lambda at: at.replace(microsecond=0)),
    moment=st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30)),  # noqa: DTZ001
)
def test_hours_are_open_from_the_first_second_to_the_one_before_closing_over_midnight_too(opens, closes, moment):
    if opens == closes:
        closes = time((opens.hour + 1) % 24, opens.minute, opens.second)
    order = {"kind": "traffic_order", "state": "restricted", "opens_at": opens, "closes_at": closes,
             "effective_from": datetime(2026, 1, 1, tzinfo=UTC)}  # fmt: skip
    by = policy().with_orders(order_document(order))
    for local in (opens, closes, moment.time()):
        at = datetime.combine(moment.date(), local, tzinfo=VIETNAM_TIME).astimezone(UTC)
        is_open = opens <= local < closes if opens < closes else local >= opens or local < closes
        found = assess(crossing(scanned(36.0, observed_at=at)), by, at=at)
        assert (found.outcome is Outcome.CLEARED) is is_open
        assert (ReasonCode.OUTSIDE_HOURS.value in codes(found)) is not is_open


@as_a_law
@given(facts=crossings(), one=policies, other=policies)
def test_the_same_facts_replayed_under_another_policy_and_back_say_the_same_to_the_byte(facts: Facts, one, other):
    kept = msgspec.json.decode(msgspec.json.encode(facts), type=Facts)
    first = assess(facts, one, at=NOON)
    replayed = assess(kept, other, at=NOON)
    assert msgspec.json.encode(assess(kept, one, at=NOON)) == msgspec.json.encode(first)
    assert msgspec.json.encode(assess(facts, other, at=NOON)) == msgspec.json.encode(replayed)


@demand("R008")
@as_a_law
@given(facts=crossings(measurements=st.just(())), by=policies)
def test_refusing_to_be_measured_is_never_cleared(facts: Facts, by):
    refusing = msgspec.structs.replace(facts, exception_code=ExceptionCode.REFUSED_MEASUREMENT, override=WORST)
    assert assess(refusing, by, at=NOON).outcome is Outcome.REFERRED


def test_a_place_is_asked_about_from_its_first_moment_to_fourteen_local_days_after_its_last():
    was_to = MARKET["was_to"]
    by = policy().with_orders(order_document({**MARKET, "effective_from": NOON - timedelta(days=30)}))

    def outcome(at):
        return assess(crossing(scanned(36.0, observed_at=at)), by, at=at).outcome

    last = datetime.combine(was_to.date() + timedelta(days=14), time(23, 59, 59), tzinfo=VIETNAM_TIME).astimezone(UTC)
    assert outcome(MARKET["was_from"] - timedelta(seconds=1)) is Outcome.CLEARED
    assert outcome(MARKET["was_from"]) is Outcome.WAIT
    assert outcome(last) is Outcome.WAIT
    assert outcome(last + timedelta(seconds=1)) is Outcome.CLEARED


@demand("R029", "R030")
def test_declaring_situation_3_asks_everybody_for_a_declaration_and_a_second_measurement_until_it_is_lifted():
    third = {"kind": "scenario_declared", "scenario": "scenario_3", "effective_to": NOON + timedelta(hours=1)}
    by = policy().with_orders(order_document(third))
    facts = crossing(scanned(36.0))
    found = assess(facts, by, at=NOON)
    assert found.outcome is Outcome.WAIT
    assert {"declaration_missing", "repeat_measurement_for_all"} <= set(codes(found))
    assert found.reasons[0].citation is not None
    complete = crossing(scanned(36.0), scanned(36.1, reading_id="r2"), has_declaration=True)
    assert assess(complete, by, at=NOON).outcome is Outcome.CLEARED
    later = NOON + timedelta(hours=1)
    assert assess(crossing(scanned(36.0, observed_at=later)), by, at=later).outcome is Outcome.CLEARED
