"""What becomes of one traveller, told as stories."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta

import pytest

from sync.agreement.assessment import NO_RULE, assess
from sync.agreement.policy import GatePlace, PolicyInForce, Standpoint
from sync.agreement.threshold_words import ThresholdMethod
from sync.agreement.vocabulary import (
    ClockKind,
    DeviceKind,
    ExceptionCode,
    MeasuringSite,
    ModeOfEntry,
    Outcome,
    PointOfEntryKind,
    PurposeOfCrossing,
    ReadingKind,
    ReasonCode,
    Severity,
    Symptom,
    TravellerCategory,
)
from tests.demands import demand
from tests.sync.agreement.crossings import NOON, clinical, codes, crossing, order_document, policy, scanned


def judged(*measurements, by=None, at=NOON, **changes):
    return assess(crossing(*measurements, **changes), by or policy(), at=at)


# --- temperature


def test_a_normal_reading_clears_and_names_the_threshold_it_was_held_against():
    verdict = judged(scanned(36.1))
    assert verdict.outcome is Outcome.CLEARED
    assert verdict.threshold_c == 36.4
    assert verdict.reasons[0].values["temperature_c"] == 36.1
    assert verdict.reasons[0].rule_id == "threshold-array-face"


def test_a_reading_exactly_at_the_threshold_is_raised():
    assert judged(scanned(36.4)).outcome is Outcome.RECHECK
    assert judged(scanned(36.34)).outcome is Outcome.CLEARED


GUARDED = {
    "kind": "threshold",
    "device_kind": "thermal_array",
    "site": "face_maximum",
    "reading_kind": "raw_skin",
    "recheck_at_or_above_c": 36.4,
    "guard_share": 0.82,
    "basis": "JCGM 106:2012, 8.3.2.",
}


def test_an_uncertain_reading_near_the_limit_is_measured_again_where_an_order_says_so():
    by = policy().with_orders(order_document(GUARDED))
    near = scanned(36.2, uncertainty_c=0.38)
    assert judged(near).outcome is Outcome.CLEARED, "without the order the value alone decides"
    verdict = judged(near, by=by)
    assert (verdict.outcome, verdict.threshold_c) == (Outcome.RECHECK, 36.09)
    assert judged(scanned(36.0, uncertainty_c=0.38), by=by).outcome is Outcome.CLEARED
    assert judged(scanned(36.3), by=by).outcome is Outcome.CLEARED, "what states no uncertainty has no band"


def test_a_learnt_limit_keeps_the_guard_band_of_its_threshold():
    method = {
        **{name: GUARDED[name] for name in ("device_kind", "site", "reading_kind", "basis")},
        "kind": "threshold_method",
        "method": "adaptive",
        "lowest_c": 35.5,
        "highest_c": 37.0,
    }
    by = policy().with_orders(order_document(GUARDED, method))
    learnt = {"threshold_method": ThresholdMethod.ADAPTIVE, "limit_c": 36.8, "uncertainty_c": 0.5}
    assert judged(scanned(36.5, **learnt), by=by).threshold_c == 36.39
    assert judged(scanned(36.3, **learnt), by=by).outcome is Outcome.CLEARED


def test_a_reading_is_judged_as_it_is_printed_and_never_more_mildly():
    assert judged(scanned(36.37)).outcome is Outcome.RECHECK
    assert judged(clinical(37.46)).outcome is Outcome.REFERRED
    at_two_decimals = {
        "kind": "threshold",
        "device_kind": "thermal_array",
        "site": "face_maximum",
        "reading_kind": "raw_skin",
        "recheck_at_or_above_c": 36.04,
        "basis": "Thử nghiệm.",
    }
    by = policy().with_orders(order_document(at_two_decimals))
    assert judged(scanned(36.04), by=by).outcome is Outcome.RECHECK
    assert judged(scanned(36.03), by=by).outcome is Outcome.CLEARED


def test_a_raised_reading_starts_the_recheck_clock_of_ten_minutes():
    verdict = judged(scanned(37.2))
    assert verdict.outcome is Outcome.RECHECK
    assert [(clock.kind, clock.limit_s) for clock in verdict.clocks] == [(ClockKind.RECHECK, 600)]


def test_a_clinical_reading_below_the_fever_threshold_lets_go_on():
    verdict = judged(scanned(37.2), clinical(36.8))
    assert verdict.outcome is Outcome.CLEARED
    assert codes(verdict) == ["fever_not_confirmed"]
    assert verdict.threshold_c == 37.5


def test_a_clinical_reading_taken_before_the_alarm_does_not_close_it():
    assert judged(clinical(36.8), scanned(37.2)).outcome is Outcome.RECHECK


@pytest.mark.parametrize(
    ("law", "limits_s"),
    [
        ("law-vn-2026", {"isolation_list": 3600, "physical_check": 7200, "temporary_hold": 7200}),
        ("law-vn-2020", {"isolation_list": 3600, "physical_check": 7200, "temporary_hold": 3600}),
    ],
)
def test_a_confirmed_fever_is_referred_and_starts_the_clocks_of_the_law_in_force(law, limits_s):
    verdict = judged(scanned(37.9), clinical(38.2), by=policy(law=law))
    assert verdict.outcome is Outcome.REFERRED
    assert {clock.kind.value: clock.limit_s for clock in verdict.clocks} == limits_s
    assert all(clock.citation.clause for clock in verdict.clocks)


def test_two_clinical_readings_that_disagree_leave_the_fever_confirmed():
    assert judged(scanned(37.9), clinical(38.2), clinical(36.6, reading_id="c2")).outcome is Outcome.REFERRED


def test_a_clinical_thermometer_alone_measures_as_well():
    assert judged(clinical(36.6)).outcome is Outcome.CLEARED
    assert judged(clinical(37.5)).outcome is Outcome.REFERRED


def test_nobody_measured_waits_and_the_clause_says_why():
    verdict = judged()
    assert verdict.outcome is Outcome.WAIT
    assert codes(verdict) == ["no_reading"]
    assert "như đối với khách du lịch" in verdict.reasons[0].citation.quote


def test_only_unusable_readings_wait_with_what_was_wrong():
    verdict = judged(scanned(35.0, unusable_because=("stale",)), scanned(39.9, unusable_because=("no_face",)))
    assert verdict.outcome is Outcome.WAIT
    assert verdict.reasons[0].values["unusable_because"] == "no_face,stale"


def test_a_device_and_site_without_a_threshold_is_never_silently_normal():
    wrist = scanned(
        36.0, device_kind=DeviceKind.INFRARED_THERMOMETER, site=MeasuringSite.WRIST, kind=ReadingKind.RAW_SKIN
    )
    verdict = judged(wrist)
    assert verdict.outcome is Outcome.WAIT
    assert codes(verdict) == ["no_threshold"]
    assert verdict.reasons[0].rule_id == NO_RULE
    assert judged(wrist, clinical(36.6)).outcome is Outcome.CLEARED
    assert judged(clinical(36.6), wrist).outcome is Outcome.WAIT


def test_a_clinical_reading_of_another_time_closes_no_alarm():
    hours_ago = clinical(36.5, observed_at=NOON - timedelta(hours=3))
    assert judged(scanned(39.0), hours_ago, scanned(36.0, reading_id="r2")).outcome is Outcome.RECHECK
    clock_of_1970 = clinical(36.5, observed_at=datetime(1970, 1, 1, tzinfo=UTC))
    assert judged(scanned(39.0), clock_of_1970).outcome is Outcome.RECHECK
    assert judged(hours_ago, scanned(36.0), symptoms=(Symptom.COUGH,)).outcome is Outcome.RECHECK


def test_a_clinical_reading_at_a_site_without_a_threshold_is_answered_by_a_clinical_one_only():
    forehead = clinical(41.0, site=MeasuringSite.FOREHEAD)
    assert judged(forehead, scanned(36.0)).outcome is Outcome.WAIT
    assert judged(forehead, exception_code=ExceptionCode.DEVICE_FAILURE).outcome is Outcome.WAIT
    assert judged(forehead, exception_code=ExceptionCode.EMERGENCY_PASSAGE).outcome is Outcome.CLEARED
    assert judged(forehead, clinical(36.6, reading_id="c2")).outcome is Outcome.CLEARED
    assert judged(clinical(36.6, reading_id="c2"), forehead).outcome is Outcome.WAIT


def test_kinds_of_readings_are_never_mixed():
    compensated = scanned(36.9, kind=ReadingKind.DEVICE_COMPENSATED, site=MeasuringSite.FOREHEAD)
    terminal = scanned(
        36.9,
        kind=ReadingKind.DEVICE_COMPENSATED,
        site=MeasuringSite.FOREHEAD,
        device_kind=DeviceKind.FACE_TERMINAL,
    )
    assert judged(compensated).outcome is Outcome.WAIT
    assert judged(terminal).outcome is Outcome.CLEARED
    assert judged(terminal).threshold_c == 37.3


def test_a_cold_room_lowers_the_threshold_of_the_inner_eye_corner():
    def canthus(ambient_c):
        return judged(
            scanned(36.0, device_kind=DeviceKind.THERMAL_CAMERA, site=MeasuringSite.INNER_CANTHUS, ambient_c=ambient_c)
        )

    assert canthus(22.0).outcome is Outcome.CLEARED
    assert canthus(12.0).outcome is Outcome.RECHECK
    assert canthus(None).threshold_c == 36.1


def test_a_reading_too_old_no_longer_lets_pass_but_an_old_alarm_still_stops():
    later = NOON + timedelta(minutes=16)
    assert codes(judged(scanned(36.0), at=later)) == ["reading_not_usable"]
    assert judged(scanned(37.0), at=later).outcome is Outcome.RECHECK
    assert judged(scanned(36.0), at=NOON + timedelta(minutes=15)).outcome is Outcome.CLEARED
    assert judged(scanned(36.0), at=NOON - timedelta(minutes=2)).outcome is Outcome.WAIT


# --- exceptions


def test_an_infant_that_could_not_be_measured_is_cleared_and_noted():
    verdict = judged(exception_code=ExceptionCode.INFANT, age_years=0)
    assert verdict.outcome is Outcome.CLEARED
    assert codes(verdict) == ["measured_by_exception"]


def test_whoever_refuses_to_be_measured_is_led_to_the_second_check_and_is_never_cleared():
    refusing = judged(exception_code=ExceptionCode.REFUSED_MEASUREMENT)
    assert refusing.outcome is Outcome.REFERRED
    assert ClockKind.PHYSICAL_CHECK in {clock.kind for clock in refusing.clocks}


def test_the_exception_of_a_small_child_is_none_for_a_grown_up():
    child = judged(exception_code=ExceptionCode.INFANT, age_years=5)
    assert child.outcome is Outcome.CLEARED
    grown = judged(exception_code=ExceptionCode.INFANT, age_years=6)
    assert (grown.outcome, codes(grown)) == (Outcome.WAIT, ["exception_not_fitting"])


@demand("R008")
@pytest.mark.parametrize("age_years", [None, -1])
def test_an_age_that_nobody_knows_is_no_reason_to_let_anybody_pass_unmeasured(age_years):
    verdict = judged(exception_code=ExceptionCode.INFANT, age_years=age_years)
    assert (verdict.outcome, codes(verdict)) == (Outcome.WAIT, ["exception_not_fitting"])


def test_a_failed_scanner_is_answered_by_another_thermometer_first():
    failed = judged(exception_code=ExceptionCode.DEVICE_FAILURE)
    assert (failed.outcome, codes(failed)) == (Outcome.WAIT, ["fallback_first"])
    assert failed.reasons[0].values["device_kind"] == "infrared_thermometer,clinical_thermometer"
    by_hand = scanned(36.4, device_kind=DeviceKind.INFRARED_THERMOMETER, site=MeasuringSite.FOREHEAD,
                      kind=ReadingKind.DEVICE_COMPENSATED)  # fmt: skip
    assert judged(by_hand, exception_code=ExceptionCode.DEVICE_FAILURE).outcome is Outcome.CLEARED
    assert judged(clinical(36.4), exception_code=ExceptionCode.DEVICE_FAILURE).outcome is Outcome.CLEARED
    nothing_left = judged(exception_code=ExceptionCode.DEVICE_FAILURE, is_fallback_tried=True)
    assert (nothing_left.outcome, codes(nothing_left)) == (Outcome.CLEARED, ["measured_by_exception"])


def test_an_exception_never_talks_away_a_raised_reading():
    for code in ExceptionCode:
        assert judged(scanned(37.2), exception_code=code).outcome is Outcome.RECHECK


def test_an_emergency_passes_without_a_declaration_but_an_infant_expert_does_not():
    expert = {"category": TravellerCategory.EXPERT}
    assert judged(exception_code=ExceptionCode.EMERGENCY_PASSAGE, **expert).outcome is Outcome.CLEARED
    assert judged(exception_code=ExceptionCode.INFANT, **expert).outcome is Outcome.WAIT


def test_without_a_procedure_an_exception_waits():
    law_only = PolicyInForce([policy().law])
    assert judged(exception_code=ExceptionCode.INFANT, by=law_only).outcome is Outcome.WAIT
    assert judged(scanned(35.0), by=law_only).outcome is Outcome.WAIT


# --- traffic


def test_a_trail_is_refused_with_the_gate_to_go_to_before_any_reading():
    verdict = judged(
        point_of_entry_id="duong-mon-hai-ha", point_of_entry_kind=PointOfEntryKind.TRAIL, locality="hai-ha"
    )
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.redirect_to == "mong-cai"
    assert verdict.reasons[0].values["redirect_to"] == "mong-cai"


def test_a_fever_is_never_hidden_by_an_order_that_refuses_passage():
    trail = {"point_of_entry_kind": PointOfEntryKind.TRAIL}
    raised = judged(scanned(37.2), **trail)
    assert raised.outcome is Outcome.RECHECK
    assert codes(raised) == ["raised_reading", "traffic_stopped"]
    assert raised.redirect_to is None
    assert judged(scanned(37.2), clinical(38.4), **trail).outcome is Outcome.REFERRED
    assert judged(scanned(37.2), clinical(36.4), **trail).outcome is Outcome.REFUSED


def test_a_restriction_by_hours_purpose_and_number_stops_only_outside_of_them():
    restricted = policy().with_orders(
        order_document(
            {
                "kind": "traffic_order",
                "state": "restricted",
                "purposes": ["trade_or_work", "medical"],
                "opens_at": time(7),
                "closes_at": time(17),
                "quota_per_day": 2,
                "redirect_to": "hoanh-mo",
                "applies_to": {"categories": ["border_resident"], "directions": ["entry"]},
            }
        )
    )
    noon = judged(scanned(36.0), by=restricted)
    assert (noon.outcome, codes(noon)) == (Outcome.CLEARED, ["within_threshold", "traffic_restricted", "quota_counted"])
    evening = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    late = judged(scanned(36.0, observed_at=evening), by=restricted, at=evening)
    assert (late.outcome, late.redirect_to) == (Outcome.REFUSED, "hoanh-mo")
    assert late.reasons[0].values == {"from_hour": "07:00", "to_hour": "17:00", "redirect_to": "hoanh-mo"}
    just_before = evening - timedelta(minutes=1)
    assert judged(scanned(36.0, observed_at=just_before), by=restricted, at=just_before).outcome is Outcome.CLEARED
    assert judged(scanned(36.0), by=restricted, purpose=PurposeOfCrossing.TOURISM).outcome is Outcome.REFUSED
    third = judged(scanned(36.0), by=restricted, same_category_crossings_today=2)
    assert (third.outcome, codes(third)[0]) == (Outcome.REFUSED, "quota_reached")
    assert judged(scanned(36.0), by=restricted, category=TravellerCategory.TOURIST).outcome is Outcome.CLEARED


def test_opening_hours_may_pass_midnight():
    night = policy().with_orders(
        order_document({"kind": "traffic_order", "state": "restricted", "opens_at": time(20), "closes_at": time(4)})
    )
    outcomes = {}
    for hour in (12, 19, 20, 23, 3, 4):
        at = datetime(2026, 11, 22, hour, tzinfo=NOON.tzinfo) - timedelta(hours=7)
        outcomes[hour] = judged(scanned(36.0, observed_at=at), by=night, at=at).outcome
    assert {hour for hour, outcome in outcomes.items() if outcome is Outcome.CLEARED} == {20, 23, 3}


def test_a_later_order_can_reopen_a_trail_by_naming_the_rule_it_replaces():
    reopened = policy().with_orders(
        order_document({"kind": "traffic_order", "state": "open", "replaces": ["qn-000-trails-stopped"]})
    )
    trail = {"point_of_entry_kind": PointOfEntryKind.TRAIL}
    assert judged(scanned(36.0), by=reopened, **trail).outcome is Outcome.CLEARED
    earlier = NOON - timedelta(days=2)
    assert judged(scanned(36.0, observed_at=earlier), by=reopened, at=earlier, **trail).outcome is Outcome.REFUSED


# --- journey, symptoms, documents


def test_symptoms_alone_ask_for_a_clinical_thermometer_and_then_go_on():
    assert judged(scanned(36.0), symptoms=(Symptom.COUGH,)).outcome is Outcome.RECHECK
    after = judged(scanned(36.0), clinical(36.7), symptoms=(Symptom.COUGH,))
    assert after.outcome is Outcome.CLEARED
    assert "symptoms_declared" in codes(after)


def test_symptoms_and_a_risk_area_make_a_suspect_who_is_referred():
    verdict = judged(
        scanned(36.0), clinical(36.7), symptoms=(Symptom.COUGH,), visited_areas=("Đông Hưng",), has_declaration=True
    )
    assert verdict.outcome is Outcome.REFERRED
    assert verdict.reasons[0].rule_id == "qn-000-suspects"
    assert ClockKind.TEMPORARY_HOLD in {clock.kind for clock in verdict.clocks}


def test_an_open_alarm_comes_before_the_referral_of_a_suspect():
    verdict = judged(scanned(37.2), symptoms=(Symptom.COUGH,), visited_areas=("vung-dich",))
    assert verdict.outcome is Outcome.RECHECK
    assert codes(verdict)[:2] == ["raised_reading", "symptoms_declared"]


@pytest.mark.parametrize("area", ["đông hưng", "ĐÔNG HƯNG", "CN-45-0681", "东兴"])
def test_a_risk_area_is_known_by_code_and_name_and_asks_for_a_declaration(area):
    assert judged(scanned(36.0), visited_areas=(area,)).outcome is Outcome.WAIT
    declared = judged(scanned(36.0), visited_areas=(area,), has_declaration=True)
    assert declared.outcome is Outcome.CLEARED
    assert "from_risk_area" in codes(declared)


@pytest.mark.parametrize("written", ["dong hung", "ĐÔNG  HƯNG ", unicodedata.normalize("NFD", "Đông Hưng"), "东兴"])
def test_a_risk_area_is_known_however_its_name_is_written(written):
    assert codes(judged(scanned(36.0), visited_areas=(written,)))[0] == "declaration_missing"


def test_nobody_is_sent_from_a_gate_to_the_same_gate():
    order = {"kind": "traffic_order", "state": "stopped", "redirect_to": "mong-cai"}
    verdict = judged(scanned(36.0), by=policy().with_orders(order_document(order)))
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.redirect_to is None
    assert "redirect_to" not in verdict.reasons[0].values


@pytest.mark.parametrize(
    ("scope", "is_open"),
    [
        ({"point_of_entry_ids": ["hoanh-mo"]}, False),
        ({"point_of_entry_ids": ["hoanh-mo"], "categories": ["border_resident"]}, False),
        ({"point_of_entry_ids": ["hoanh-mo"], "categories": ["tourist"]}, True),
        ({"point_of_entry_ids": ["hoanh-mo"], "directions": ["exit"]}, True),
        ({"point_of_entry_ids": ["bac-phong-sinh"]}, True),
    ],
)
def test_nobody_is_sent_to_a_gate_that_an_order_stops_for_them_too(scope, is_open):
    here = {
        "kind": "traffic_order",
        "state": "stopped",
        "redirect_to": "hoanh-mo",
        "applies_to": {"point_of_entry_ids": ["mong-cai"]},
    }
    there = {"kind": "traffic_order", "state": "stopped", "applies_to": scope}
    verdict = judged(scanned(36.0), by=policy().with_orders(order_document(here, there)))
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.redirect_to == ("hoanh-mo" if is_open else None)


GATES = {
    "mong-cai": GatePlace(kind=PointOfEntryKind.INTERNATIONAL, locality="mong-cai", mode_of_entry=ModeOfEntry.ROAD),
    "hoanh-mo": GatePlace(kind=PointOfEntryKind.MAIN, locality="binh-lieu", mode_of_entry=ModeOfEntry.ROAD),
}
CLOSED_NOW = {"opens_at": time(0), "closes_at": time(0, 1), "state": "restricted"}


@pytest.mark.parametrize(
    ("there", "is_open"),
    [
        ({"applies_to": {"point_of_entry_kinds": ["main"]}}, False),
        ({"applies_to": {"localities": ["binh-lieu"]}}, False),
        ({"applies_to": {"localities": ["mong-cai"]}}, True),
        ({"applies_to": {"point_of_entry_kinds": ["main"], "categories": ["tourist"]}}, True),
        ({"state": "restricted", "purposes": ["driver_or_cargo"], "applies_to": {"localities": ["binh-lieu"]}}, False),
        ({"state": "restricted", "purposes": ["family_visit"], "applies_to": {"localities": ["binh-lieu"]}}, True),
        (CLOSED_NOW | {"applies_to": {"localities": ["binh-lieu"]}}, False),
        ({"state": "restricted", "quota_per_day": 1, "applies_to": {"localities": ["binh-lieu"]}}, True),
        (
            {
                "state": "restricted",
                "quota_per_day": 3,
                "shares": [{"edge_id": "hoanh-mo-1", "per_day": 3}],
                "applies_to": {"point_of_entry_ids": ["hoanh-mo"]},
            },
            True,
        ),
    ],
)
def test_nobody_is_sent_to_a_gate_that_refuses_them_by_its_kind_its_locality_or_a_condition(there, is_open):
    here = {
        "kind": "traffic_order",
        "state": "stopped",
        "redirect_to": "hoanh-mo",
        "applies_to": {"point_of_entry_ids": ["mong-cai"]},
    }
    orders = order_document(here, {"kind": "traffic_order", "state": "stopped"} | there)
    standpoint = Standpoint(edge_id="mong-cai-1", gate_id="mong-cai", gates=GATES)
    facts = {"purpose": PurposeOfCrossing.FAMILY_VISIT}
    verdict = judged(scanned(36.0), by=policy().with_orders(orders).seen_from(standpoint), **facts)
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.redirect_to == ("hoanh-mo" if is_open else None)


def test_a_country_with_the_disease_is_noted_but_is_no_ground_to_wait():
    verdict = judged(scanned(36.0), visited_areas=("CHN",))
    assert verdict.outcome is Outcome.CLEARED
    assert [reason.severity for reason in verdict.reasons] == [Severity.NOTE, Severity.NOTE]


def test_experts_pass_only_with_temperature_symptom_questions_and_declaration():
    expert = {"category": TravellerCategory.EXPERT}
    waiting = judged(scanned(36.0), **expert)
    assert waiting.outcome is Outcome.WAIT
    assert waiting.reasons[0].code is ReasonCode.EXPERT_FULL_CONTROL
    assert waiting.reasons[0].values["missing_steps"] == "symptom_check,declaration,employer"
    asked = judged(scanned(36.0), is_symptom_checked=True, has_employer=True, **expert)
    assert asked.reasons[0].values["missing_steps"] == "declaration"
    invited = {**expert, "has_employer": True, "has_declaration": True}
    assert judged(scanned(36.0), has_declaration=True, **expert).outcome is Outcome.WAIT
    assert judged(scanned(36.0), **invited).outcome is Outcome.CLEARED
    assert judged(**invited).outcome is Outcome.WAIT


def test_an_expired_document_waits_from_the_day_after_in_local_time():
    expires = {"document_expires_on": date(2026, 11, 22)}
    assert judged(scanned(36.0), **expires).outcome is Outcome.CLEARED
    midnight = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    expired = judged(scanned(36.0, observed_at=midnight), at=midnight, **expires)
    assert (expired.outcome, expired.reasons[0].values["expired_on"]) == (Outcome.WAIT, "2026-11-22")


def test_a_cancelled_document_is_refused_and_a_misread_one_waits():
    assert judged(scanned(36.0), is_document_cancelled=True).outcome is Outcome.REFUSED
    assert judged(scanned(36.0), are_check_digits_valid=False).outcome is Outcome.WAIT
    assert judged(scanned(36.0), are_check_digits_valid=None).outcome is Outcome.CLEARED


# --- response scenarios


def declared(scenario, **scope):
    rule = {"kind": "scenario_declared", "scenario": scenario, "applies_to": scope}
    return policy().with_orders(order_document(rule))


def test_situation_2_lowers_the_thresholds_where_it_is_declared():
    assert judged(scanned(36.3)).outcome is Outcome.CLEARED
    stricter = judged(scanned(36.3), by=declared("scenario_2", localities=["mong-cai"]))
    assert (stricter.outcome, stricter.threshold_c) == (Outcome.RECHECK, 36.2)
    assert judged(scanned(36.3), by=declared("scenario_2", localities=["hai-ha"])).outcome is Outcome.CLEARED


def test_situation_3_asks_everybody_for_a_declaration_and_a_second_measurement():
    third = declared("scenario_3")
    once = judged(scanned(36.0), by=third)
    assert once.outcome is Outcome.WAIT
    assert set(codes(once)) == {"within_threshold", "declaration_missing", "repeat_measurement_for_all"}
    twice = judged(scanned(36.0), scanned(35.9, reading_id="r2"), by=third, has_declaration=True)
    assert twice.outcome is Outcome.CLEARED
    same = judged(scanned(36.0), scanned(36.0), by=third, has_declaration=True)
    assert same.outcome is Outcome.WAIT


def test_refusing_the_second_measurement_of_situation_3_leads_to_the_second_check():
    refusing = judged(
        scanned(36.0),
        by=declared("scenario_3"),
        has_declaration=True,
        exception_code=ExceptionCode.REFUSED_MEASUREMENT,
    )
    assert refusing.outcome is Outcome.REFERRED


def test_the_graver_of_two_declared_situations_holds():
    both = policy().with_orders(
        order_document(
            {"kind": "scenario_declared", "scenario": "scenario_3"},
            {"kind": "scenario_declared", "scenario": "scenario_2"},
        )
    )
    assert judged(scanned(36.0), by=both).outcome is Outcome.WAIT


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        judged(scanned(36.0), at=datetime(2026, 11, 22))  # noqa: DTZ001
