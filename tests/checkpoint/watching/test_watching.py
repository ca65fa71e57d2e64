"""Limits that follow their device on a real edge: learnt in the commit, kept over a restart, recorded, taken back."""

from datetime import timedelta

import msgspec
import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.receiving import accept_device_event, as_measurement
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.watching import RestartCommand, ReverseCommand, reverse_change, watch_anew
from checkpoint.watching import method_of
from checkpoint.watching.drifts import at_reference_room_c
from devices.measurement.drift import DriftSubject
from devices.measurement.honesty.suspicions import SuspicionCode
from devices.reading import DeviceKind, MeasuringSite, QualityReason, ReadingKind
from sync.agreement import vocabulary as words
from sync.agreement.gate_records.threshold import ThresholdChanged, ThresholdReversed, WatchRestarted
from sync.agreement.policy import parse_policy_text
from sync.agreement.records import CrossingScreened
from sync.agreement.threshold_words import ReversalReason, ThresholdMethod
from tests.checkpoint.people import reading

FIXED_C = 36.4
"""The procedure's own number for a thermal camera at the face's maximum."""
SKIN = {
    "device_kind": DeviceKind.THERMAL_CAMERA,
    "kind": ReadingKind.RAW_SKIN,
    "site": MeasuringSite.FACE_MAXIMUM,
}
RULE = """
id = "learning-limits"
version = 1
kind = "orders"
cite_as = "Quy trình"
issued_by = "CDC"
title = {{ vi = "Ngưỡng", en = "Limits", zh = "限值" }}

[[rule]]
kind = "threshold_method"
rule_id = "learnt-face"
effective_from = 2020-01-01T00:00:00+07:00
device_kind = "thermal_camera"
site = "face_maximum"
reading_kind = "raw_skin"
method = "{method}"
lowest_c = {lowest_c}
highest_c = {highest_c}
target = 0.05
window = 3
delta_c = 0.5
basis = "thử nghiệm"
citation = {{ clause = "1" }}
"""


def ordered(edge, method: str, *, lowest_c: float = 35.0, highest_c: float = 37.5):
    text = RULE.format(method=method, lowest_c=lowest_c, highest_c=highest_c)
    edge.gate.policy = edge.gate.policy.with_orders(parse_policy_text(text, name="order"))
    return next(rule for rule in edge.gate.policy.rules_at(edge.clock()).rules if rule.rule_id == "learnt-face")


def scan(edge, temperature_c: float, **fields):
    """Somebody's face is measured now."""
    at = edge.clock.forward(seconds=20)
    edge.present(f"QN 1{at.minute:02}{at.second:02}")
    measured = reading(at.isoformat(), at=at, temperature_c=temperature_c)
    accept_device_event(edge.gate, msgspec.structs.replace(measured, **SKIN, **fields))
    return edge.sheet


def passed(edge, temperature_c: float, **fields) -> None:
    scan(edge, temperature_c, **fields)
    edge.do(close_crossing, draft_id=edge.draft_id)


def answered(edge, temperature_c: float, *, clinical_c: float) -> None:
    sheet = scan(edge, temperature_c)
    edge.do(
        recheck_person,
        crossing_id=sheet.state.person.crossing_id,
        temperature_c=clinical_c,
        site="oral",
    )


def said(edge, kind) -> list:
    return [body for body in edge.bodies() if isinstance(body, kind)]


def screened(edge):
    (measurement,) = said(edge, CrossingScreened)[-1].facts.measurements
    return measurement, said(edge, CrossingScreened)[-1].assessment


def limit_of(edge):
    (state,) = edge.gate.watch.limits
    return state


def test_without_a_rule_the_policys_own_number_decides_and_nothing_is_learnt(edge):
    passed(edge, 36.0)
    measurement, assessment = screened(edge)
    assert (assessment.threshold_c, measurement.threshold_method, measurement.limit_c) == (FIXED_C, None, None)
    assert edge.gate.watch.limits == ()
    assert edge.rows("SELECT count(*) FROM device_limit") == [(0,)]


def test_an_adaptive_limit_begins_as_documented_and_stands_with_the_reading_it_decided(edge):
    ordered(edge, "adaptive")
    passed(edge, 36.0, quality=(QualityReason.INDICATIVE_ARRAY,))
    measurement, assessment = screened(edge)
    assert measurement.threshold_method is ThresholdMethod.ADAPTIVE
    assert measurement.limit_c == pytest.approx(36.7, abs=0.15)
    assert assessment.threshold_c == round(measurement.limit_c, 2)
    assert measurement.quality == ("indicative_array",)
    assert "learnt-face" in {reason.rule_id for reason in assessment.reasons}


def test_a_device_that_knows_only_its_own_warmth_begins_at_the_limit_of_a_normal_room(edge):
    ordered(edge, "adaptive")
    known = scan(edge, 36.0, ambient_c=22.0).assessment.threshold_c
    edge.do(close_crossing, draft_id=edge.draft_id)
    warm = scan(edge, 36.9, device_c=37.25)
    assert warm.assessment.threshold_c == known
    assert warm.assessment.outcome == "recheck", "taken for a room of 37 °C, the limit would stand a kelvin higher"


def test_the_chart_of_people_is_not_shifted_by_a_devices_own_warmth(edge):
    measured = msgspec.structs.replace(reading("1", at=edge.clock(), temperature_c=36.0), **SKIN, device_c=37.25)
    assert at_reference_room_c(as_measurement(measured)) == 36.0
    in_a_warm_room = msgspec.structs.replace(measured, ambient_c=32.0)
    assert at_reference_room_c(as_measurement(in_a_warm_room)) == pytest.approx(36.0 - 10 * 0.065)


def test_no_device_learns_to_let_fever_pass_beyond_the_policys_ceiling(edge):
    ordered(edge, "adaptive", highest_c=36.2)
    sheet = scan(edge, 36.3)
    assert sheet.assessment.threshold_c == 36.2
    assert sheet.assessment.outcome == "recheck"


def test_a_false_alarm_moves_the_limit_in_the_commit_of_the_recheck_and_is_written_down(edge):
    ordered(edge, "adaptive")
    before = scan(edge, 36.0).assessment.threshold_c
    edge.do(close_crossing, draft_id=edge.draft_id)
    answered(edge, 37.2, clinical_c=36.6)
    changes = said(edge, ThresholdChanged)
    assert changes[-1].reason == "false_alarm"
    assert changes[-1].after_c > before
    assert limit_of(edge).figures.answered_normal == 1
    assert limit_of(edge).awaiting == ()
    written = [(each.type, each.recorded_at) for each in edge.envelopes()]
    (rechecked_at,) = (at for name, at in written if name == "temperature_rechecked")
    assert ("threshold_changed", rechecked_at) in written


def test_a_confirmed_fever_enters_no_window(edge):
    ordered(edge, "adaptive")
    passed(edge, 36.0)
    window = limit_of(edge).window
    answered(edge, 37.4, clinical_c=38.6)
    assert limit_of(edge).window == window
    assert limit_of(edge).figures.answered_elevated == 1
    assert said(edge, ThresholdChanged) == []


def test_a_restart_goes_on_where_it_stood_and_counts_nobody_twice(edge):
    ordered(edge, "adaptive")
    passed(edge, 36.0)
    answered(edge, 37.2, clinical_c=36.6)
    known, charts = limit_of(edge), edge.gate.watch.drifts
    edge.restart()
    assert limit_of(edge) == known
    assert edge.gate.watch.drifts == charts
    ordered(edge, "adaptive")
    passed(edge, 36.0)
    assert limit_of(edge).figures.settled == known.figures.settled + 1


def test_the_rolling_method_raises_by_the_policys_number_until_it_has_a_mean(edge):
    ordered(edge, "rolling")
    assert scan(edge, 36.0).assessment.threshold_c == FIXED_C
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert scan(edge, 36.1).assessment.threshold_c == 36.5
    assert said(edge, ThresholdChanged)[0].before_c is None


def reverse(edge, number: int):
    command = ReverseCommand(
        device_id="face-1",
        lane_id="lane-1",
        kind=words.ReadingKind.RAW_SKIN,
        site=words.MeasuringSite.FACE_MAXIMUM,
        number=number,
        reason=ReversalReason.WRONG_SECOND_MEASUREMENTS,
    )
    edge.gate.perform(lambda turn: reverse_change(turn, command), officer_ref="truong").result(10)


def test_the_latest_change_is_taken_back_by_a_person_and_no_other(edge):
    ordered(edge, "adaptive")
    passed(edge, 36.0)
    answered(edge, 37.2, clinical_c=36.6)
    answered(edge, 37.5, clinical_c=36.6)
    changes = said(edge, ThresholdChanged)
    latest = changes[-1]
    with pytest.raises(ActionRefusedError, match="change_not_latest"):
        reverse(edge, latest.number + 1)
    reverse(edge, latest.number)
    assert limit_of(edge).figures.limit_c == latest.before_c
    (record,) = said(edge, ThresholdReversed)
    assert (record.number, record.after_c) == (latest.number, latest.before_c)
    assert edge.rows("SELECT officer_ref, action FROM access_log WHERE action = 'limit_reversed'") == [
        ("truong", "limit_reversed")
    ]
    with pytest.raises(ActionRefusedError):
        reverse(edge, latest.number)


def test_a_frozen_value_makes_its_device_suspicious_also_after_a_restart_until_somebody_looked(edge):
    for second in range(9):
        at = edge.clock.forward(seconds=5 + second)
        measured = reading(at.isoformat(), at=at, temperature_c=36.51)
        accept_device_event(edge.gate, msgspec.structs.replace(measured, **SKIN))
    for _ in range(2):
        codes = {suspicion.code for suspicion in edge.gate.watch.findings("face-1").suspicions}
        assert SuspicionCode.FROZEN in codes
        edge.restart()
    command = RestartCommand(device_id="face-1", reason=ReversalReason.LOOKED_INTO)
    edge.gate.perform(lambda turn: watch_anew(turn, command), officer_ref="truong").result(10)
    assert edge.gate.watch.findings("face-1").suspicions == ()
    edge.restart()
    assert edge.gate.watch.findings("face-1").suspicions == ()
    assert [body.device_id for body in said(edge, WatchRestarted)] == ["face-1"]


def test_a_reference_body_that_moved_is_an_alarm_of_drift_and_its_chart_is_bounded(edge):
    for number in range(40):
        at = edge.clock.forward(seconds=4)
        off_c = -0.2 if number >= 32 else -1.6 + 0.01 * (number % 3)
        measured = reading(at.isoformat(), at=at, temperature_c=36.0 + number / 50)
        accept_device_event(edge.gate, msgspec.structs.replace(measured, **SKIN, reference_offset_c=off_c))
    (alarm,) = edge.gate.watch.findings("face-1").drift_alarms
    assert alarm.subject is DriftSubject.REFERENCE_BODY
    assert alarm.estimated_shift_c == pytest.approx(1.4, abs=0.3)
    edge.restart()
    assert edge.gate.watch.findings("face-1").drift_alarms == (alarm,)
    assert edge.rows("SELECT count(*) FROM drift_point WHERE subject = 'reference_body'") == [(40,)]


def test_an_alarm_that_nobody_answered_is_closed_after_its_patience(edge):
    rule = ordered(edge, "adaptive")
    sheet = scan(edge, 37.3)
    assert len(limit_of(edge).awaiting) == 1
    edge.clock.forward(seconds=method_of(rule).patience_s + 60)
    edge.do(recheck_person, crossing_id=sheet.state.person.crossing_id, temperature_c=36.6, site="oral")
    edge.clock.forward(seconds=timedelta(minutes=1).total_seconds())
    passed(edge, 36.0)
    assert limit_of(edge).awaiting == ()
