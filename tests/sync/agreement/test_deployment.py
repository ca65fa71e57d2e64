"""A province is a file: its points of entry, what is in force, its report and its day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.agreement.deployment import (
    DeploymentError,
    closing_order,
    load_deployment,
    policy_in_force,
    report_day,
    report_period,
)
from sync.agreement.policy import PolicyError
from sync.agreement.vocabulary import ModeOfEntry, PointOfEntryKind
from tests.demands import demand
from tests.sync.agreement.crossings import NOON, PROVINCES, as_a_law, instants, order_document, policy, province

ALL = sorted(path.stem for path in PROVINCES.glob("*.toml"))


@pytest.mark.parametrize("name", ALL)
def test_each_province_loads_with_all_that_it_names(name):
    deployment = province(name)
    in_force = policy_in_force(deployment)
    assert in_force.law.id == "law-vn-2026"
    assert [order.id for order in in_force.orders] == list(deployment.orders)
    assert deployment.report.issuing_body
    assert deployment.points_on(NOON.date())
    assert policy_in_force(deployment, law="law-vn-2020").law.id == "law-vn-2020"


def test_the_three_provinces_of_the_directives_are_there():
    assert ALL == ["kien-giang", "lai-chau", "quang-ninh"]


@demand("R055")
def test_border_points_are_told_apart_as_the_directive_names_them():
    kinds = {point.kind for point in province().points_of_entry}
    assert kinds >= {
        PointOfEntryKind.INTERNATIONAL,
        PointOfEntryKind.MAIN,
        PointOfEntryKind.SECONDARY,
        PointOfEntryKind.OPENING,
        PointOfEntryKind.TRAIL,
        PointOfEntryKind.SEAPORT,
        PointOfEntryKind.AIRPORT,
        PointOfEntryKind.CONTROL_POST,
    }
    assert {kind.value for kind in PointOfEntryKind} >= {"national", "wharf"}


@demand("R005")
def test_a_new_gate_is_a_few_lines_in_a_file(tmp_path):
    text = (PROVINCES / "quang-ninh.toml").read_text(encoding="utf-8")
    text += """
[[points_of_entry]]
id = "po-hen"
kind = "opening"
locality = "mong-cai"
names = { vi = "Lối mở Pò Hèn", en = "Pò Hèn opening", zh = "婆贤通道" }
valid_from = 2026-12-01
"""
    path = tmp_path / "changed.toml"
    path.write_text(text, encoding="utf-8")
    changed = load_deployment(path)
    point = changed.point_of_entry("po-hen")
    assert point not in changed.points_on(date(2026, 11, 30))
    assert point in changed.points_on(date(2026, 12, 1))
    assert closing_order(point, policy_in_force(changed), at=NOON).rule_id == "qn-000-trails-stopped"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('kind = "airport"', 'kind = "heliport"', "heliport"),
        ('locality = "van-don"', 'locality = "nowhere"', "nowhere"),
        ('id = "mong-cai-2"', 'id = "mong-cai"', "stands twice"),
        ("cut_off_hour = 17", "cut_off_hour = 25", "cut_off_hour"),
        ('law = "law-vn-2026"\n', "", "law"),
        ('id = "bac-phong-sinh"', 'id = "Bắc"', "slug"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_field(tmp_path, old, new, named):
    text = (PROVINCES / "quang-ninh.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "wrong.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DeploymentError, match=r"wrong\.toml") as refusal:
        load_deployment(path)
    assert named in str(refusal.value)


def test_an_order_that_redirects_to_nowhere_is_refused(tmp_path):
    text = (PROVINCES / "lai-chau.toml").read_text(encoding="utf-8")
    path = tmp_path / "lai-chau.toml"
    path.write_text(text.replace('["orders-lc-directive-002"]', '["orders-qn-directive-000"]'), encoding="utf-8")
    with pytest.raises(DeploymentError, match="mong-cai"):
        policy_in_force(load_deployment(path))
    path.write_text(text.replace("orders-lc-directive-002", "orders-missing"), encoding="utf-8")
    with pytest.raises(PolicyError, match="orders-missing"):
        policy_in_force(load_deployment(path))


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        (
            'procedure = "procedure-screening"',
            'procedure = "orders-kg-directive-004"',
            "as procedure, but it is orders",
        ),
        ('law = "law-vn-2026"', 'law = "orders-kg-directive-004"', "as law, but it is orders"),
        ('"orders-qn-directive-001"', '"law-vn-2020"', "as orders, but it is law"),
    ],
)
def test_a_document_is_in_force_only_as_what_it_is(tmp_path, was, becomes, words):
    text = (PROVINCES / "quang-ninh.toml").read_text(encoding="utf-8")
    file = tmp_path / "province.toml"
    file.write_text(text.replace(was, becomes), encoding="utf-8")
    with pytest.raises(PolicyError, match=words):
        policy_in_force(load_deployment(file))


def test_a_missing_deployment_is_named(tmp_path):
    with pytest.raises(DeploymentError, match=r"none\.toml"):
        load_deployment(tmp_path / "none.toml")


def test_the_mode_of_entry_follows_from_the_kind_of_point():
    modes = {point.id: point.mode_of_entry for point in province().points_of_entry}
    assert modes["mong-cai"] is ModeOfEntry.ROAD
    assert modes["cang-cam-pha"] is ModeOfEntry.WATER
    assert modes["van-don"] is ModeOfEntry.AIR


def test_a_locality_is_called_what_it_was_called_on_the_day():
    (mong_cai,) = [locality for locality in province().localities if locality.id == "mong-cai"]
    assert mong_cai.unit_on(date(2025, 6, 30)).names.vi == "thành phố Móng Cái"
    after = mong_cai.unit_on(date(2025, 7, 1))
    assert after.names.vi == "khu vực Móng Cái"
    assert "6712" in after.codes


def test_only_an_order_for_everybody_closes_a_point():
    gate = province().point_of_entry("mong-cai")
    residents = order_document(
        {"kind": "traffic_order", "state": "stopped", "applies_to": {"categories": ["border_resident"]}}
    )
    everybody = order_document({"kind": "traffic_order", "state": "stopped"})
    assert closing_order(gate, policy().with_orders(residents), at=NOON) is None
    assert closing_order(gate, policy().with_orders(everybody), at=NOON) is not None
    before = datetime(2020, 1, 28, 16, 59, tzinfo=UTC)
    trail = province().point_of_entry("duong-mon-hai-ha")
    assert closing_order(trail, policy(), at=before) is None
    assert closing_order(trail, policy(), at=before + timedelta(minutes=1)) is not None


@as_a_law
@given(at=instants, hour=st.integers(0, 24))
def test_every_instant_lies_in_the_period_of_its_report_day_and_in_no_other(at: datetime, hour: int):
    day = report_day(at, cut_off_hour=hour)
    begins, ends = report_period(day, cut_off_hour=hour)
    assert begins <= at < ends
    assert report_period(day + timedelta(days=1), cut_off_hour=hour)[0] == ends
    assert report_day(begins, cut_off_hour=hour) == day
    assert report_day(ends, cut_off_hour=hour) == day + timedelta(days=1)


def test_a_crossing_at_the_cut_off_belongs_to_the_next_day():
    cut_off = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert report_day(cut_off, cut_off_hour=17) == date(2026, 11, 23)
    assert report_day(cut_off - timedelta(microseconds=1), cut_off_hour=17) == date(2026, 11, 22)
    for calendar_day in (0, 24):
        assert report_day(cut_off, cut_off_hour=calendar_day) == date(2026, 11, 22)
        assert report_day(cut_off + timedelta(hours=7), cut_off_hour=calendar_day) == date(2026, 11, 23)
