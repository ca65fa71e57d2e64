"""What a place asks for is data: every place of every province has its profile, and a new one needs no code."""

import pytest

from sync.agreement.deployment import load_deployment, policy_in_force
from sync.agreement.group_words import ConveyanceKind
from sync.agreement.place_words import PlaceStep
from sync.agreement.policy import parse_policy_text
from sync.agreement.policy.place_rules import SiteProfile, profile_of
from sync.agreement.vocabulary import Direction, DocumentKind, PointOfEntryKind
from tests.demands import demand
from tests.sync.agreement.crossings import NOON, PROVINCES, policy, province

ALL = sorted(path.stem for path in PROVINCES.glob("*.toml"))


def profile(place_id: str, in_force=None) -> SiteProfile:
    point = province().point_of_entry(place_id)
    rules = (in_force or policy()).rules_at(NOON).of_type(SiteProfile)
    return profile_of(rules, point_of_entry_id=point.id, kind=point.kind)


@demand("R005")
@pytest.mark.parametrize("name", ALL)
def test_every_place_of_every_province_has_a_profile_with_its_clause(name):
    deployment = province(name)
    rules = policy_in_force(deployment).rules_at(NOON).of_type(SiteProfile)
    for point in deployment.points_of_entry:
        found = profile_of(rules, point_of_entry_id=point.id, kind=point.kind)
        assert found is not None, point.id
        assert found.citation.document
        assert found.citation.clause
    kinds = {kind for rule in rules for kind in rule.point_of_entry_kinds}
    assert kinds == set(PointOfEntryKind)


def test_each_kind_of_place_asks_for_what_it_needs():
    post, trail, airport, seaport = map(profile, ("chot-km15", "duong-mon-hai-ha", "van-don", "cang-cam-pha"))
    assert {PlaceStep.VEHICLE, PlaceStep.ROUTE, PlaceStep.HEAD_COUNT, PlaceStep.CLEARANCE_SLIP} == set(post.steps)
    assert trail.steps == (PlaceStep.INTERCEPTION,)
    assert trail.conveyances == ()
    assert airport.asks(PlaceStep.SEAT)
    assert airport.conveyances == (ConveyanceKind.FLIGHT,)
    assert seaport.conveyances == (ConveyanceKind.VESSEL,)
    assert seaport.documents[0] is DocumentKind.CREW_CERTIFICATE
    assert Direction.TRANSIT not in post.directions


@demand("R005")
def test_a_new_station_is_a_few_lines_and_is_asked_like_every_station(tmp_path):
    text = (PROVINCES / "quang-ninh.toml").read_text(encoding="utf-8")
    text += """
[[points_of_entry]]
id = "ga-ha-long"
kind = "railway_station"
locality = "ha-long"
names = { vi = "Ga Hạ Long", en = "Hạ Long station", zh = "下龙站" }
valid_from = 2026-12-01
"""
    path = tmp_path / "changed.toml"
    path.write_text(text, encoding="utf-8")
    changed = load_deployment(path)
    point = changed.point_of_entry("ga-ha-long")
    rules = policy_in_force(changed).rules_at(NOON).of_type(SiteProfile)
    found = profile_of(rules, point_of_entry_id=point.id, kind=point.kind)
    assert (found.rule_id, found.conveyances) == ("site-railway", (ConveyanceKind.TRAIN,))


ORDER = """
id = "order-post-of-its-own"
version = 1
kind = "orders"
cite_as = "Quyết định thử"
issued_by = "Chủ tịch Ủy ban nhân dân tỉnh Quảng Ninh"
[title]
vi = "Chốt riêng"
en = "A post of its own"
zh = "专设检查站"
[[rule]]
kind = "site_profile"
rule_id = "km15-own"
effective_from = 2026-01-01T00:00:00+07:00
point_of_entry_ids = ["chot-km15"]
directions = ["entry"]
documents = ["identity_card"]
steps = ["vehicle", "route", "head_count", "manifest"]
citation = { clause = "mục 1" }
{lines}
"""


def test_an_order_gives_one_place_its_own_profile():
    ordered = policy().with_issued(parse_policy_text(ORDER.replace("{lines}", ""), name="order.toml"))
    assert profile("chot-km15", ordered).rule_id == "km15-own"
    assert profile("van-don", ordered).rule_id == "site-airport"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('point_of_entry_ids = ["chot-km15"]\n', "", "must name a place"),
        ('directions = ["entry"]', "directions = []", "at least one"),
        ('"manifest"]', '"teleport"]', "teleport"),
    ],
)
def test_a_profile_that_says_nothing_is_refused(old, new, said):
    with pytest.raises(ValueError, match=said):
        parse_policy_text(ORDER.replace("{lines}", "").replace(old, new), name="order.toml")
