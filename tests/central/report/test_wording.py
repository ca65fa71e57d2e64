"""The words and numbers of the printed report: every share exact, every crossing in a column or a note."""

from datetime import timedelta

import msgspec

from central.report.daily_report import build_report
from central.report.wording import percent, words_of
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.vocabulary import Direction, TravellerCategory
from tests.central.report.test_daily_report import CUT_OFF, count, gate, snapshot
from tests.demands import demand

LABELS = Catalogue.load("vi")


def worded(*counts, gates=None):
    report = build_report(snapshot(*counts, gates=gates or (gate("mong-cai"),)), revision=1)
    return words_of(report, place="Quảng Ninh", labels=LABELS)


def test_every_share_of_ten_thousand_is_printed_as_it_is():
    for hundredths in range(10_001):
        whole, rest = divmod(hundredths, 100)
        expected = f"{whole},{rest:02d}".rstrip("0").rstrip(",")
        assert percent(hundredths / 10_000) == expected


def test_a_share_that_is_not_full_is_never_a_hundred():
    assert [percent(share) for share in (0.999999, 0.99999999999, 1.0)] == ["99,99", "99,99", "100"]


def test_a_crossing_in_transit_is_said_beside_the_columns_of_entry_and_exit():
    transit = msgspec.structs.replace(count("mong-cai", "crossings", 3), direction=Direction.TRANSIT)
    words = worded(count("mong-cai", "crossings", 5), transit)
    assert "Tổng số lượt qua cửa khẩu: 8; trong đó nhập cảnh 5, xuất cảnh 0, quá cảnh 3." in words["summary"]
    assert [note for note in words["gate_notes"] if "quá cảnh" in note] == ["Mong-Cai: ngoài ra có 3 lượt quá cảnh."]


def test_without_transit_nothing_is_said_of_it():
    words = worded(count("mong-cai", "crossings", 5), gates=(gate("mong-cai"), gate("hoanh-mo", last_contact_at=None)))
    assert "quá cảnh" not in str(words)


def test_categories_are_called_as_on_the_screens():
    words = worded(count("mong-cai", "crossings", 5))
    assert [row["name"] for row in words["categories"]] == [
        LABELS.text("TravellerCategory", category) for category in TravellerCategory
    ]


@demand("R007")
def test_people_found_outside_a_gate_are_said_apart_from_legal_crossings():
    found = [
        count("mong-cai", figure, 2, category=TravellerCategory.ILLEGAL_CROSSING)
        for figure in ("crossings", "measured", "isolated")
    ]
    words = worded(count("mong-cai", "crossings", 5), count("mong-cai", "cleared", 5), *found)
    said = words["summary"][-1]
    assert "có 2 người bị phát hiện vượt biên trái phép" in said
    assert "số lượt qua cửa khẩu hợp pháp là 5." in said
    assert "vượt biên" not in str(worded(count("mong-cai", "crossings", 5))["summary"])


def test_a_report_of_before_a_category_was_added_is_still_worded():
    report = build_report(snapshot(count("mong-cai", "crossings", 5), gates=(gate("mong-cai"),)), revision=1)
    known = {one: figures for one, figures in report.categories.items() if one != "illegal_crossing"}
    older = msgspec.structs.replace(report, categories=known)
    assert len(words_of(older, place="Quảng Ninh", labels=LABELS)["categories"]) == len(known)


def test_a_report_of_a_day_on_which_nobody_crossed_can_be_worded():
    words = worded(gates=(gate("mong-cai", last_contact_at=CUT_OFF - timedelta(minutes=1)),))
    assert "đạt - %" in words["summary"][1]
    assert words["referred"] == [] == words["unmeasured"]
