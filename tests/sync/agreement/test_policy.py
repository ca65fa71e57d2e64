"""Policy documents: what is refused at loading, with which words, and what together is in force."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sync.agreement.policy import (
    PolicyError,
    PolicyInForce,
    PolicyOutdatedError,
    load_policy_document,
    parse_policy_document,
    parse_policy_text,
)
from sync.agreement.policy.lane_rules import Threshold, TrafficOrder
from sync.agreement.policy.rule import DocumentFault
from sync.agreement.vocabulary import ClockKind, DeviceKind, ExceptionCode, MeasuringSite, ReadingKind
from tests.sync.agreement.crossings import NOON, POLICY_FIELDS, crossing, order_document, policy, scanned

THRESHOLD = {
    "kind": "threshold",
    "device_kind": "thermal_array",
    "site": "face_maximum",
    "reading_kind": "raw_skin",
    "recheck_at_or_above_c": 36.0,
    "basis": "thử nghiệm",
}


def refused(*rules) -> str:
    with pytest.raises(PolicyError) as refusal:
        order_document(*rules)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({**THRESHOLD, "basis": " "}, "basis"),
        ({**THRESHOLD, "recheck_at_or_above_c": 98.6}, "recheck_at_or_above_c"),
        ({**THRESHOLD, "site": "elbow"}, "$.site"),
        ({**THRESHOLD, "category": "border_resident"}, "category"),
        ({**THRESHOLD, "effective_from": datetime(2026, 1, 1)}, "zone"),  # noqa: DTZ001
        ({**THRESHOLD, "effective_to": NOON - timedelta(days=1)}, "effective_to"),
        ({**THRESHOLD, "rule_id": "Not A Slug"}, "slug"),
        ({"kind": "measurement_duty", "steps": ["declaration"]}, "steps"),
        ({"kind": "traffic_order", "state": "stopped", "quota_per_day": 3}, "restricted"),
        ({"kind": "traffic_order", "state": "restricted"}, "restricted"),
        ({"kind": "traffic_order", "state": "restricted", "opens_at": NOON.time()}, "closes_at"),
        ({"kind": "traffic_order", "state": "restricted", "quota_per_day": 0}, "quota_per_day"),
        (
            {"kind": "traffic_order", "state": "restricted", "opens_at": NOON.time(), "closes_at": NOON.time()},
            "must differ",
        ),
        ({"kind": "reading_validity", "max_age_s": 0}, "max_age_s"),
        ({"kind": "risk_area", "codes": []}, "codes"),
        ({"kind": "risk_area", "codes": ["CN", " "]}, "blank"),
        ({"kind": "scenario_profile", "scenario": "scenario_3", "threshold_lowered_by_c": -0.5}, "never eases"),
        ({"kind": "fever_threshold", "site": "oral", "fever_at_or_above_c": 38.0}, "basis"),
        ({"kind": "invented"}, "invented"),
    ],
)
def test_a_wrong_rule_is_refused_with_file_rule_and_field(rule, named):
    words = refused(rule)
    assert words.startswith("test.toml: rule ")
    assert rule.get("rule_id", "orders-test-1") in words
    assert named in words


def test_a_rule_id_stands_once_in_a_document_and_once_in_all():
    twice = {**THRESHOLD, "rule_id": "same"}
    assert "same" in refused(twice, twice)
    with pytest.raises(PolicyError, match="stands also in"):
        policy().with_orders(order_document({**THRESHOLD, "rule_id": "qn-000-experts"}))


def test_a_document_with_a_wrong_head_or_no_toml_is_refused_by_name(tmp_path):
    with pytest.raises(PolicyError, match=r"x\.toml.*issued_by"):
        parse_policy_document({"id": "x", "version": 1, "kind": "orders", "cite_as": "x"} | {
            "title": POLICY_FIELDS["title"]
        }, file_name="x.toml")  # fmt: skip
    with pytest.raises(PolicyError, match=r"no-such\.toml"):
        load_policy_document("no-such")
    broken = tmp_path / "broken.toml"
    broken.write_text("id = ", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"broken\.toml: not readable"):
        load_policy_document(broken)


def test_a_document_may_lie_anywhere(tmp_path):
    path = tmp_path / "orders-far.toml"
    path.write_text(
        """
        id = "orders-far"
        version = 3
        kind = "orders"
        cite_as = "Lệnh số 3"
        issued_by = "Chủ tịch"
        title = { vi = "a", en = "b", zh = "c" }
        [[rule]]
        kind = "traffic_order"
        rule_id = "far-1"
        state = "stopped"
        effective_from = 2026-11-22T13:00:00+07:00
        citation = { clause = "Điều 2", quote = "tạm dừng" }
        """,
        encoding="utf-8",
    )
    document = load_policy_document(path)
    assert document.reference.version == 3
    assert document.rules[0].effective_from == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert document.rules[0].citation.document == "Lệnh số 3"


def test_exactly_one_law_pack_is_in_force():
    law = policy().law
    with pytest.raises(PolicyError, match="exactly one law pack"):
        PolicyInForce(policy().orders)
    with pytest.raises(PolicyError, match="exactly one law pack"):
        PolicyInForce([law, policy(law="law-vn-2020").law])


def test_an_order_replaces_only_what_is_there_of_its_kind_and_never_a_law():
    for replaced, words in (
        ("nowhere", "no document in force has"),
        ("qn-000-experts", "of another kind"),
    ):
        with pytest.raises(PolicyError, match=words):
            policy().with_orders(order_document({**THRESHOLD, "replaces": [replaced]}))
    duty = {"kind": "measurement_duty", "steps": ["temperature"], "replaces": ["law-2026-observe"]}
    with pytest.raises(PolicyError, match="cannot replace"):
        policy().with_orders(order_document(duty))


def test_the_strictest_of_several_thresholds_holds_unless_one_replaces_the_other():
    laxer = {**THRESHOLD, "recheck_at_or_above_c": 37.0}
    beside = policy().with_orders(order_document(laxer)).rules_at(NOON)
    instead = policy().with_orders(order_document({**laxer, "replaces": ["threshold-array-face"]})).rules_at(NOON)
    reading = scanned(36.0)
    assert beside.threshold_for(reading).recheck_at_or_above_c == 36.4
    assert instead.threshold_for(reading).recheck_at_or_above_c == 37.0


@pytest.mark.parametrize(
    ("laxer", "asked"),
    [
        (
            {"kind": "fever_threshold", "site": "axillary", "fever_at_or_above_c": 39.0, "basis": "Thử nghiệm."},
            lambda rules: rules.fever_threshold_at(MeasuringSite.AXILLARY).fever_at_or_above_c,
        ),
        (
            {"kind": "exception_rule", "code": "refused_measurement", "consequence": "note"},
            lambda rules: rules.exception_rule(ExceptionCode.REFUSED_MEASUREMENT).consequence.value,
        ),
        (
            {"kind": "document_rule", "fault": "cancelled", "consequence": "note"},
            lambda rules: rules.document_rule(DocumentFault.CANCELLED).consequence.value,
        ),
        (
            {
                "kind": "clock",
                "clock": "temporary_hold",
                "starts_with": "referral",
                "limit_s": 999_999,
                "who_acts": "anybody",
                "on_expiry": "escalate",
            },
            lambda rules: rules.clock(ClockKind.TEMPORARY_HOLD).limit_s,
        ),
        ({"kind": "reading_validity", "max_age_s": 99_999}, lambda rules: rules.validity.max_age_s),
        (
            {"kind": "scenario_profile", "scenario": "scenario_3"},
            lambda rules: (
                rules.scenario_profile_for(crossing()) and rules.scenario_profile_for(crossing()).declaration_for_all
            ),
        ),
    ],
)
def test_a_laxer_order_beside_a_rule_changes_nothing_unless_it_replaces_it(laxer, asked):
    scenario = {"kind": "scenario_declared", "scenario": "scenario_3"}
    declared = policy().with_orders(order_document(scenario, document_id="orders-declared"))
    beside = declared.with_orders(order_document(laxer))
    assert asked(beside.rules_at(NOON)) == asked(declared.rules_at(NOON))


def test_a_newer_version_of_an_order_takes_the_place_of_the_older():
    stopped = {"kind": "traffic_order", "state": "stopped", "rule_id": "gate-stopped"}
    first = policy().with_orders(order_document(stopped))
    second = first.with_orders(order_document({**stopped, "state": "open"}, version=2))
    states = [order.state.value for order in second.rules_at(NOON).of_type(TrafficOrder)]
    assert states == ["stopped", "open"]
    assert len(second.documents) == len(first.documents)


@pytest.mark.parametrize("version", [1, 2])
def test_an_order_of_a_version_that_is_not_newer_is_refused_and_changes_nothing(version):
    stopped = {"kind": "traffic_order", "state": "stopped", "rule_id": "gate-stopped"}
    second = policy().with_orders(order_document(stopped, version=2))
    with pytest.raises(PolicyOutdatedError, match=f"version {version} is not newer than version 2"):
        second.with_orders(order_document({**stopped, "state": "open"}, version=version))
    with pytest.raises(PolicyOutdatedError):
        policy().with_orders(order_document(stopped, version=2), order_document(stopped, version=version))


def test_the_centre_renews_law_and_procedure_under_their_own_ids_only_and_else_brings_orders():
    procedure = load_policy_document("procedure-screening")
    newer = msgspec.structs.replace(procedure, version=procedure.version + 1)
    assert newer in policy().with_issued(newer).documents
    assert procedure not in policy().with_issued(newer).documents
    with pytest.raises(PolicyError, match="law-vn-2020: law cannot be issued"):
        policy().with_issued(load_policy_document("law-vn-2020"))
    with pytest.raises(PolicyError, match="orders cannot be issued in the place of procedure"):
        policy().with_issued(order_document(document_id="procedure-screening", version=9))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id = ",
        "rule = 7",
        'rule = ["text"]',
        "[[rule]]\ncitation = 3",
        "x = " + "[" * 30_000,
        'id = "a"\nversion = 99999999999999999999999',
        '[[rule]]\nkind = "traffic_order"\neffective_from = 2020-01-29',
    ],
)
def test_any_text_that_is_no_policy_document_is_refused_in_one_way(text):
    with pytest.raises(PolicyError, match="order-x"):
        parse_policy_text(text, name="order-x")


def test_an_order_cannot_take_the_place_of_the_law_or_the_procedure_by_its_id():
    for taken in ("procedure-screening", "law-vn-2026"):
        with pytest.raises(PolicyError, match=f"{taken}.* is no order"):
            policy().with_orders(order_document(document_id=taken))
    with pytest.raises(PolicyError, match=r"law-vn-2020.* is no order"):
        policy().with_orders(load_policy_document("law-vn-2020"))


def test_a_situation_is_not_declared_where_no_document_says_what_it_changes():
    def declared(scenario: str):
        return order_document({"kind": "scenario_declared", "scenario": scenario})

    with pytest.raises(PolicyError, match="no document in force says what scenario_3 changes"):
        policy("lai-chau").with_orders(declared("scenario_3"))
    assert policy("lai-chau").with_orders(declared("scenario_1"))
    assert policy("quang-ninh").with_orders(declared("scenario_3"))


def test_no_threshold_can_be_tied_to_a_group_of_travellers():
    fields = set(Threshold.__struct_fields__)
    assert not fields & {"categories", "category", "applies_to", "document_kind", "nationality", "purposes"}


def test_every_device_kind_that_measures_has_a_threshold_at_its_usual_site():
    rules = policy().rules_at(NOON)
    for device_kind, site, kind in (
        (DeviceKind.THERMAL_ARRAY, MeasuringSite.FACE_MAXIMUM, ReadingKind.RAW_SKIN),
        (DeviceKind.THERMAL_CAMERA, MeasuringSite.INNER_CANTHUS, ReadingKind.RAW_SKIN),
        (DeviceKind.THERMAL_CAMERA, MeasuringSite.FACE_MAXIMUM, ReadingKind.RAW_SKIN),
        (DeviceKind.FACE_TERMINAL, MeasuringSite.FOREHEAD, ReadingKind.DEVICE_COMPENSATED),
        (DeviceKind.INFRARED_THERMOMETER, MeasuringSite.FOREHEAD, ReadingKind.DEVICE_COMPENSATED),
    ):
        rule = rules.threshold_for(scanned(36.0, device_kind=device_kind, site=site, kind=kind))
        assert rule is not None
        assert rule.basis


def test_a_document_is_in_force_within_a_day_that_one_of_its_rules_touches():
    begins, ends = NOON, NOON + timedelta(hours=2)
    document = order_document(
        {"kind": "traffic_order", "state": "stopped", "effective_from": begins, "effective_to": ends}
    )
    moment = timedelta(microseconds=1)
    assert document.is_in_force_within(ends - moment, ends + timedelta(days=1))
    assert document.is_in_force_within(begins - timedelta(days=1), begins + moment)
    assert not document.is_in_force_within(ends, ends + timedelta(days=1))
    assert not document.is_in_force_within(begins - timedelta(days=1), begins)


METHOD_RULE = """
id = "{kind}-of-a-test"
version = 1
kind = "{kind}"
cite_as = "Văn bản"
issued_by = "CDC"
title = {{ vi = "Ngưỡng", en = "Limits", zh = "限值" }}

[[rule]]
kind = "threshold_method"
rule_id = "learnt"
effective_from = 2020-01-01T00:00:00+07:00
device_kind = "thermal_camera"
site = "face_maximum"
reading_kind = "raw_skin"
method = "fixed"
lowest_c = 35.0
highest_c = 37.5
basis = "thử nghiệm"
citation = {{ clause = "1" }}
"""


def test_how_a_limit_is_found_is_a_sites_policy_and_refused_in_a_law_pack():
    for kind in ("orders", "procedure"):
        assert len(parse_policy_text(METHOD_RULE.format(kind=kind), name="site").rules) == 1
    with pytest.raises(PolicyError, match=r"law\.toml: rule 'learnt': .*no matter of law; put it into an order"):
        parse_policy_text(METHOD_RULE.format(kind="law"), name="law.toml")
