"""The five directives as data: each quote stands in the directive, each date is sane, each order acts."""

import unicodedata
from datetime import UTC, date, datetime, timedelta

import pytest

from sync.agreement.assessment import assess
from sync.agreement.local_time import local_date
from sync.agreement.policy import PolicyKind, load_policy_document
from sync.agreement.policy.documents import POLICIES_FOLDER
from sync.agreement.policy.lane_rules import MeasurementDuty, RiskArea, ScenarioProfile
from sync.agreement.policy.legal_rules import (
    ControlledPoints,
    EntryModes,
    QuarantineForms,
    ReportDuty,
    TrafficPower,
)
from sync.agreement.vocabulary import (
    Direction,
    ModeOfEntry,
    Outcome,
    PointOfEntryKind,
    QuarantineForm,
    TravellerCategory,
)
from tests.sync.agreement.crossings import NOON, codes, crossing, policy, scanned

DIRECTIVES = {
    "orders-qn-directive-000": ("000", date(2020, 1, 29)),
    "orders-qn-directive-001": ("001", date(2020, 12, 28)),
    "orders-lc-directive-002": ("002", date(2021, 2, 3)),
    "orders-cp-directive-003": ("003", date(2020, 12, 9)),
    "orders-kg-directive-004": ("004", date(2020, 3, 10)),
}


def rules_of(directive: str, kind: type):
    return [rule for rule in load_policy_document(directive).rules if isinstance(rule, kind)]


def test_every_directive_has_its_document_and_every_document_is_used():
    found = {path.stem for path in POLICIES_FOLDER.glob("*.toml")}
    assert found == {*DIRECTIVES, "law-vn-2020", "law-vn-2026", "procedure-screening"}


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_every_rule_quotes_its_directive_word_for_word(shared, directive):
    document = load_policy_document(directive)
    text = (shared / "directives" / document.source_file).read_text(encoding="utf-8")
    assert document.source_file.startswith(DIRECTIVES[directive][0])
    assert document.rules
    for rule in document.rules:
        assert len(rule.citation.quote.split()) >= 4, rule.rule_id
        assert rule.citation.quote in text, rule.rule_id
        assert rule.citation.clause, rule.rule_id


@pytest.mark.parametrize(("directive", "begins_on"), [(name, day) for name, (_, day) in DIRECTIVES.items()])
def test_every_rule_of_a_directive_begins_at_local_midnight_of_its_day_and_has_no_end(directive, begins_on):
    document = load_policy_document(directive)
    assert document.kind is PolicyKind.ORDERS
    for rule in document.rules:
        assert local_date(rule.effective_from) == begins_on
        assert local_date(rule.effective_from - timedelta(seconds=1)) == begins_on - timedelta(days=1)
        assert rule.effective_to is None


@pytest.mark.parametrize("path", sorted(POLICIES_FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_rule_cites_a_document_and_a_clause_and_begins_within_living_memory(path):
    document = load_policy_document(path)
    assert document.id == path.stem
    for rule in document.rules:
        assert rule.citation.document
        assert rule.citation.clause
        assert datetime(2010, 1, 1, tzinfo=UTC) < rule.effective_from <= NOON
    text = path.read_text(encoding="utf-8")
    assert unicodedata.normalize("NFC", text) == text


def test_000_everybody_is_measured_and_residents_like_tourists():
    named = {rule.rule_id: rule.applies_to.categories for rule in rules_of("orders-qn-directive-000", MeasurementDuty)}
    assert named["qn-000-measure-all"] == ()
    assert named["qn-000-measure-residents"] == (TravellerCategory.BORDER_RESIDENT,)
    tourist = assess(crossing(category=TravellerCategory.TOURIST), policy(), at=NOON)
    resident = assess(crossing(), policy(), at=NOON)
    assert tourist.outcome is resident.outcome is Outcome.WAIT


@pytest.mark.parametrize(
    ("kind", "locality", "is_stopped"),
    [
        (PointOfEntryKind.TRAIL, "mong-cai", True),
        (PointOfEntryKind.OPENING, "hai-ha", True),
        (PointOfEntryKind.TRAIL, "binh-lieu", True),
        (PointOfEntryKind.INTERNATIONAL, "mong-cai", False),
        (PointOfEntryKind.MAIN, "binh-lieu", False),
        (PointOfEntryKind.TRAIL, "ha-long", False),
    ],
)
def test_000_trails_and_openings_are_suspended_from_midnight_of_29_january_2020(kind, locality, is_stopped):
    midnight = datetime(2020, 1, 28, 17, 0, tzinfo=UTC)
    for at, is_in_force in (
        (midnight - timedelta(minutes=1), False),
        (midnight - timedelta(microseconds=1), False),
        (midnight, True),
        (midnight + timedelta(minutes=1), True),
        (NOON, True),
    ):
        place = {"point_of_entry_id": "a-path", "point_of_entry_kind": kind, "locality": locality}
        facts = crossing(scanned(36.0, observed_at=at), **place)
        verdict = assess(facts, policy(), at=at)
        assert ("traffic_stopped" in codes(verdict)) is (is_in_force and is_stopped)
        assert (verdict.redirect_to == "mong-cai") is (is_in_force and is_stopped)


def test_000_the_power_to_restrict_residents_stops_nobody_by_itself():
    (power,) = rules_of("orders-qn-directive-000", TrafficPower)
    assert power.applies_to.categories == (TravellerCategory.BORDER_RESIDENT,)
    assert assess(crossing(scanned(36.0)), policy(), at=NOON).outcome is Outcome.CLEARED


def test_000_risk_areas_look_at_arrivals_not_at_departures():
    for direction, is_noted in ((Direction.ENTRY, True), (Direction.TRANSIT, True), (Direction.EXIT, False)):
        facts = crossing(scanned(36.0), visited_areas=("Đông Hưng",), direction=direction, has_declaration=True)
        assert ("from_risk_area" in codes(assess(facts, policy(), at=NOON))) is is_noted


def test_000_scenarios_2_and_3_tighten_and_report_more_often():
    profiles = {rule.scenario.value: rule for rule in rules_of("orders-qn-directive-000", ScenarioProfile)}
    assert set(profiles) == {"scenario_2", "scenario_3"}
    assert profiles["scenario_3"].declaration_for_all
    assert profiles["scenario_3"].repeat_measurement_for_all
    assert 1 < profiles["scenario_2"].reports_per_day < profiles["scenario_3"].reports_per_day


def test_000_reports_go_daily_to_the_province_through_the_department_of_health():
    (duty,) = rules_of("orders-qn-directive-000", ReportDuty)
    assert (duty.reports_per_day, duty.addressee, duty.through) == (1, "Ủy ban nhân dân tỉnh", "Sở Y tế")


def test_001_the_whole_border_on_land_and_sea_is_watched():
    (points,) = rules_of("orders-qn-directive-001", ControlledPoints)
    assert {PointOfEntryKind.TRAIL, PointOfEntryKind.OPENING, PointOfEntryKind.WHARF} <= set(
        points.point_of_entry_kinds
    )


def test_002_inland_control_posts_measure_people_and_check_vehicles():
    (posts,) = rules_of("orders-lc-directive-002", ControlledPoints)
    assert posts.point_of_entry_kinds == (PointOfEntryKind.CONTROL_POST,)
    assert posts.are_vehicles_checked
    facts = crossing(
        point_of_entry_id="chot-than-uyen", point_of_entry_kind=PointOfEntryKind.CONTROL_POST, locality="than-uyen"
    )
    verdict = assess(facts, policy("lai-chau"), at=NOON)
    assert verdict.outcome is Outcome.WAIT
    assert verdict.reasons[0].rule_id == "lc-002-measure-posts"


def test_002_a_voluntary_declaration_never_stops_anybody():
    assert assess(crossing(scanned(36.0)), policy("lai-chau"), at=NOON).outcome is Outcome.CLEARED


def test_003_and_004_name_the_forms_of_quarantine():
    forms = {form for rule in rules_of("orders-cp-directive-003", QuarantineForms) for form in rule.forms}
    assert forms == {QuarantineForm.CENTRALISED, QuarantineForm.HOME, QuarantineForm.LODGING}
    assert any(rule.has_follow_up for rule in rules_of("orders-cp-directive-003", QuarantineForms))
    (kien_giang,) = rules_of("orders-kg-directive-004", QuarantineForms)
    assert set(kien_giang.forms) == forms | {QuarantineForm.WORKPLACE}


@pytest.mark.parametrize("mode", [ModeOfEntry.AIR, ModeOfEntry.ROAD, ModeOfEntry.WATER])
def test_004_controls_all_three_ways_alike_and_asks_everybody_for_a_declaration(mode):
    (modes,) = rules_of("orders-kg-directive-004", EntryModes)
    assert mode in modes.modes
    verdict = assess(crossing(scanned(36.0), mode_of_entry=mode), policy("kien-giang"), at=NOON)
    assert verdict.outcome is Outcome.WAIT
    assert verdict.reasons[0].rule_id == "kg-004-declaration-all"
    assert "declaration_missing" in codes(verdict)


@pytest.mark.parametrize("directive", ["orders-qn-directive-000", "orders-lc-directive-002", "orders-kg-directive-004"])
def test_the_directives_that_speak_of_risk_areas_have_them(directive):
    assert any(area.covers_area("VUNG-DICH") for area in rules_of(directive, RiskArea))
