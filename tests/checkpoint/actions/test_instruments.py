"""A device in doubt: its readings are kept and shown, policy takes them away, and nobody passes without another."""

import csv
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.actions.board_view import board
from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.actions.device_list import devices_csv, registered_devices
from checkpoint.actions.instruments import as_policy_allows, conditions, look_at_devices
from checkpoint.actions.view import Surroundings, UplinkView, lane_view
from checkpoint.lane import LaneError
from checkpoint.settings import DeviceSettings
from devices.condition import DeviceCondition, WatchFindings
from devices.drivers.facesluice import FacesluiceDriver
from devices.health import DeviceHealth, DeviceState
from devices.measurement.drift import DriftAlarm, DriftSubject
from devices.measurement.honesty.suspicions import Suspicion, SuspicionCode
from devices.reading import DeviceVoice
from sync.agreement.assessment import assess
from sync.agreement.gate_records.device import DeviceConditionChanged
from sync.agreement.labels_catalogue import LANGUAGES, Catalogue
from sync.agreement.policy import PolicyInForce, parse_policy_text
from sync.agreement.vocabulary import Outcome, TravellerCategory
from tests.checkpoint.edges import LANE
from tests.checkpoint.people import NORMAL_C, RAISED_C

CALIBRATED = date(2026, 1, 1)
LONG_AGO = {"calibrated_on": date(2020, 1, 1), "calibration_due_on": date(2021, 1, 1)}


def registered(edge, **fields) -> None:
    """Write into the register what its papers say of the face terminal."""
    device = msgspec.structs.replace(edge.settings.device[0], **fields)
    edge.gate.settings = edge.settings = msgspec.structs.replace(edge.settings, device=(device,))


def found(edge, *, suspicion: bool = False, drift: bool = False) -> None:
    at = edge.clock()
    suspicions = (Suspicion(code=SuspicionCode.FROZEN, at=at, readings=12, observed=9, expected=1),)
    alarms = (
        DriftAlarm(
            subject=DriftSubject.NORMAL_READINGS, at=at, estimated_shift_c=0.3, over_readings=28, baseline_c=36.0
        ),
    )
    edge.gate.instruments.findings = lambda _device_id: WatchFindings(
        suspicions=suspicions if suspicion else (), drift_alarms=alarms if drift else ()
    )


def linked(edge, state: DeviceState) -> None:
    health = DeviceHealth(device_id="face-1", state=state, streaming_since=edge.clock() - timedelta(days=1))
    edge.gate.instruments.health = lambda: {"face-1": health}


def changes(edge) -> list[DeviceConditionChanged]:
    return [body for body in edge.bodies() if isinstance(body, DeviceConditionChanged)]


@pytest.mark.parametrize("temperature_c", [NORMAL_C, RAISED_C])
def test_a_reading_of_a_device_out_of_calibration_decides_nothing_and_says_what_to_do(edge, temperature_c):
    registered(edge, **LONG_AGO)
    edge.present()
    sheet = edge.scan_face(temperature_c)

    assert sheet.troubles == ("device_out_of_calibration",)
    assert sheet.state.bound is None
    with pytest.raises(LaneError):
        edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.rows("SELECT not_bound_because FROM device_reading") == [("unusable",)], "kept and counted all the same"

    edge.do(measure_person, temperature_c=36.5, device_kind="infrared_thermometer", site="forehead")
    edge.do(close_crossing, draft_id=edge.draft_id)


def test_a_suspicious_device_decides_nothing(edge):
    found(edge, suspicion=True)
    edge.present()
    assert edge.scan_face(NORMAL_C).troubles == ("device_suspicious",)


def test_a_drifting_device_lets_nobody_pass_and_silences_no_alarm(edge):
    found(edge, drift=True)
    edge.present()
    assert edge.scan_face(NORMAL_C).troubles == ("device_drifting",)
    sheet = edge.scan_face(RAISED_C)
    assert sheet.assessment.outcome is Outcome.RECHECK


@pytest.mark.parametrize("stated_by", ["register", "manifest"])
def test_a_device_that_warms_up_lets_nobody_pass(edge, stated_by, monkeypatch):
    if stated_by == "register":
        registered(edge, warm_up_min=30)
    else:
        manifest = msgspec.structs.replace(FacesluiceDriver.manifest, warm_up_min=30.0)
        monkeypatch.setattr(FacesluiceDriver, "manifest", manifest)
    since = edge.clock()
    edge.gate.instruments.health = lambda: {
        "face-1": DeviceHealth(device_id="face-1", state=DeviceState.UP, streaming_since=since)
    }
    edge.present()
    assert edge.scan_face(NORMAL_C).troubles == ("device_warming_up",)
    edge.clock.forward(minutes=31)
    assert edge.scan_face(NORMAL_C).troubles == ()


def test_a_device_within_its_calibration_or_without_a_date_is_used(edge):
    registered(edge, calibrated_on=CALIBRATED, calibration_interval_months=1200 // 10)
    edge.present()
    assert edge.scan_face(NORMAL_C).assessment.outcome is Outcome.CLEARED


def policy_saying(edge, condition: str, consequence: str) -> PolicyInForce:
    """The documents in force, and an order that speaks of one condition only; what it replaces stands no more."""
    slug = condition.replace("_", "-")
    text = f"""
id = "orders-of-devices"
version = 1
kind = "orders"
cite_as = "Lệnh thử"
issued_by = "Sở Y tế"
issued_on = 2020-01-01

[title]
vi = "Lệnh thử"
en = "Order for a test"
zh = "测试命令"

[[rule]]
kind = "device_condition"
rule_id = "order-{slug}"
effective_from = 2020-01-01T00:00:00+07:00
replaces = ["device-{slug}"]
condition = "{condition}"
consequence = "{consequence}"
citation = {{ clause = "mục 1" }}
"""
    return PolicyInForce((*edge.gate.policy.documents, parse_policy_text(text, name="orders")))


def test_an_order_may_ease_and_tighten_what_a_condition_leads_to(edge):
    registered(edge, **LONG_AGO)
    edge.present()
    edge.gate.policy = policy_saying(edge, "out_of_calibration", "note")
    assert edge.scan_face(NORMAL_C).assessment.outcome is Outcome.CLEARED
    edge.do(close_crossing, draft_id=edge.draft_id)
    found(edge, drift=True)
    edge.gate.policy = policy_saying(edge, "drifting", "exclude")
    edge.clock.forward(seconds=30)
    edge.present("QN 100124")
    assert "device_drifting" in edge.scan_face(RAISED_C).troubles


def test_a_rule_cannot_speak_of_a_condition_in_which_nothing_is_measured(edge):
    with pytest.raises(ValueError, match="condition must be one of"):
        policy_saying(edge, "stale", "note")


@given(
    category=st.sampled_from(TravellerCategory),
    temperature_c=st.sampled_from([NORMAL_C, RAISED_C, 36.0, 41.0]),
    is_late=st.booleans(),
    suspicion=st.booleans(),
    drift=st.booleans(),
)
def test_no_category_and_no_condition_lets_anybody_be_cleared_unmeasured(
    shared_edge, category, temperature_c, is_late, suspicion, drift
):
    edge = shared_edge
    registered(edge, **(LONG_AGO if is_late else {"calibrated_on": None, "calibration_due_on": None}))
    found(edge, suspicion=suspicion, drift=drift)
    at = edge.clock()
    (reading,) = edge.template.facts.measurements
    reading = msgspec.structs.replace(reading, temperature_c=temperature_c, observed_at=at)
    judged = as_policy_allows(edge.gate, reading, at=at)
    assert set(reading.unusable_because) <= set(judged.unusable_because), "nothing is ever made usable"
    facts = msgspec.structs.replace(edge.template.facts, category=category, measurements=(judged,))
    if not judged.is_usable:
        assert assess(facts, edge.gate.policy, at=at).outcome is not Outcome.CLEARED
    if is_late or suspicion:
        assert not judged.is_usable
    if drift and judged.is_usable:
        assert assess(facts, edge.gate.policy, at=at).outcome is not Outcome.CLEARED, "only an alarm is left of it"


@pytest.fixture(scope="module")
def shared_edge(tmp_path_factory):
    from tests.checkpoint.edges import Edge

    edge = Edge(tmp_path_factory.mktemp("shared"))
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    (edge.template,) = edge.bodies()
    yield edge
    edge.close()


def test_a_change_that_stands_is_one_record_with_how_long_it_was_before(edge):
    linked(edge, DeviceState.UP)
    look_at_devices(edge.gate)
    assert edge.journal() == [], "that a device works when it is first seen is no change"
    edge.clock.forward(minutes=10)
    linked(edge, DeviceState.DOWN)
    fell_at = edge.clock()
    for _ in range(4):
        look_at_devices(edge.gate)
        edge.clock.forward(seconds=2)
    (down,) = changes(edge)
    assert (down.was, down.became) == ("up", "down")
    assert (down.lane_id, down.model, down.since, down.lasted_s) == ("lane-1", "facesluice", fell_at, 600)
    assert down.reasons == ("link_down",)
    assert down.bad_s == 0


def test_a_plug_pulled_for_a_moment_is_no_record(edge):
    for state in (DeviceState.UP, DeviceState.DOWN, DeviceState.UP, DeviceState.DOWN, DeviceState.UP):
        linked(edge, state)
        look_at_devices(edge.gate)
        edge.clock.forward(seconds=2)
    assert edge.journal() == []


def test_a_restart_neither_forgets_nor_repeats_how_a_device_stands(edge):
    registered(edge, **LONG_AGO)
    look_at_devices(edge.gate)
    edge.clock.forward(seconds=4)
    look_at_devices(edge.gate)
    settings = edge.settings
    edge.restart()
    edge.gate.settings = settings
    look_at_devices(edge.gate)
    edge.clock.forward(hours=1)
    look_at_devices(edge.gate)
    assert [(one.was, one.became) for one in changes(edge)] == [("starting", "out_of_calibration")]

    registered(edge, calibrated_on=None, calibration_due_on=None)
    for _ in range(2):
        look_at_devices(edge.gate)
        edge.clock.forward(seconds=4)
    well = changes(edge)[-1]
    assert (well.was, well.became, well.bad_s) == ("out_of_calibration", "up", 3604)


def test_all_that_holds_is_told_of_each_device(edge):
    registered(edge, **LONG_AGO)
    found(edge, suspicion=True, drift=True)
    linked(edge, DeviceState.STALE)
    told = conditions(edge.gate, at=edge.clock())["face-1"].conditions
    assert told == (
        DeviceCondition.STALE,
        DeviceCondition.SUSPICIOUS,
        DeviceCondition.OUT_OF_CALIBRATION,
        DeviceCondition.DRIFTING,
    )


def test_what_the_device_says_goes_before_its_papers_and_a_contradiction_is_shown(edge):
    registered(edge, serial_number="B1", firmware="1.2", owner="=Kiểm dịch", **LONG_AGO)
    voice = DeviceVoice(serial_number="B2", firmware="1.2", clock_offset_s=-3.0)
    health = DeviceHealth(device_id="face-1", state=DeviceState.UP, voice=voice)
    edge.gate.instruments.health = lambda: {"face-1": health}
    (device,) = registered_devices(edge.gate)
    assert device.contradictions == ("serial_number",)
    assert (device.condition, device.lane_id, device.model) == ("out_of_calibration", "lane-1", "facesluice")
    assert device.model_name.startswith("Face terminal"), "people read what the manifest calls it, not the code"
    heads, row = csv.reader(devices_csv((device,)).removeprefix("\ufeff").splitlines())
    told = dict(zip(heads, row, strict=True))
    assert (told["serial_number"], told["serial_number_said"], told["clock_offset_s"]) == ("B1", "B2", "-3.0")
    assert told["owner"] == "'=Kiểm dịch", "no cell is a formula"
    assert told["battery_percent"] == "", "what is not known is empty, never 0"


def test_the_lane_and_the_board_show_the_condition_and_why(edge):
    registered(edge, **LONG_AGO)
    linked(edge, DeviceState.UP)
    health = edge.gate.instruments.health()
    (on_lane,) = lane_view(edge.gate, LANE, around=Surroundings(devices=health)).devices
    (on_board,) = board(edge.gate, devices=health, uplink=UplinkView()).lanes[0].devices
    assert (on_lane.state, on_lane.condition) == ("up", "out_of_calibration")
    assert on_lane.reasons[0].code == on_board.reasons[0].code == "calibration_over"


def test_every_reason_of_a_condition_has_words_in_three_languages():
    codes = {f"link_{state}" for state in DeviceState if state is not DeviceState.UP}
    codes |= {f"suspicion_{code}" for code in SuspicionCode} | {f"drift_{subject}" for subject in DriftSubject}
    codes |= {"calibration_over", "warm_up_left"}
    for language in LANGUAGES:
        assert codes == set(Catalogue.load(language).sections["ConditionReason"])
        lane = Catalogue.load(language).sections["lane"]
        assert all(f"scanner_{condition}" in lane for condition in DeviceCondition)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"calibration_interval_months": 12}, "add calibrated_on"),
        ({"calibrated_on": CALIBRATED, "calibration_due_on": CALIBRATED}, "must be later"),
        (
            {"calibrated_on": CALIBRATED, "calibration_due_on": date(2027, 1, 1), "calibration_interval_months": 12},
            "not both",
        ),
    ],
)
def test_a_register_that_contradicts_itself_is_refused(fields, match):
    with pytest.raises(ValueError, match=match):
        DeviceSettings(device_id="face-1", driver="facesluice", url="mqtt://127.0.0.1:9", **fields)


def test_an_interval_of_months_ends_on_a_day_that_exists():
    device = DeviceSettings(
        device_id="face-1",
        driver="facesluice",
        url="mqtt://127.0.0.1:9",
        calibrated_on=date(2026, 8, 31),
        calibration_interval_months=6,
    )
    assert device.calibration_due == date(2027, 2, 28)
