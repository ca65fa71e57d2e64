"""By nationality, sex and hour: every crossing stands once in each, and what is not known is said."""

import io
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from central.dimensions import COUNTED_BY, UNKNOWN, Dimension, counts_by_dimension, value_of
from central.ledger import apply_record
from central.report.beside_wording import NOT_KNOWN, beside_of, dimensions_of
from central.report.daily_report import BY_DIMENSION, build_report, decode_report, encode_report, says_the_same
from central.report.print_out import print_pdf
from central.report.snapshot import BesideCount, CoverageLine, DayCount, DimensionCount
from central.report.wording import words_of
from central.rollup import fold
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.vocabulary import Disposition, Sex
from sync.exchange.envelope import decode_record
from tests.central.conftest import CUT_OFF_HOUR
from tests.central.report.test_daily_report import GATES, snapshot
from tests.central.report.test_print_out import LETTERHEAD
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, EdgeJournal, screened

VIETNAMESE = Catalogue.load("vi")


def state_of(disposition, *, gate=GATES[0]):
    body = screened("c", disposition=disposition, gate=gate)
    envelope = decode_record(EdgeJournal().write(body))
    return apply_record(None, body=body, envelope=envelope, point_of_entry_id=gate, cut_off_hour=CUT_OFF_HOUR)


ENDS = (Disposition.CLEARED, Disposition.PENDING, Disposition.REFUSED, Disposition.REFERRED)
BASES = [state_of(end, gate=gate) for end in ENDS for gate in GATES]
STATES = st.builds(
    lambda base, nationality, sex, hours, is_withdrawn, is_confirmed: msgspec.structs.replace(
        base,
        nationality=nationality,
        sex=sex,
        observed_at=MORNING + timedelta(hours=hours),
        disposition=Disposition.WITHDRAWN if is_withdrawn else base.disposition,
        is_confirmed=is_confirmed,
    ),
    st.sampled_from(BASES),
    st.sampled_from([None, "VNM", "CHN", "LAO"]),
    st.none() | st.sampled_from(Sex),
    st.integers(0, 23),
    st.booleans(),
    st.booleans(),
)


def report_of(states, *, revision=1, previous=None, **more):
    counts = [
        DayCount(
            point_of_entry_id=key.point_of_entry_id,
            direction=key.direction,
            category=key.category,
            figure=key.figure,
            count=number,
        )
        for key, number in fold(states).items()
    ]
    cut = counts_by_dimension(states)
    dimensions = tuple(DimensionCount(**key._asdict(), count=number) for key, number in cut.items())
    seen = msgspec.structs.replace(snapshot(*counts), dimensions=dimensions, **more)
    return build_report(seen, revision=revision, previous=previous)


@demand("R053")
@given(st.lists(STATES, max_size=40))
def test_over_each_dimension_every_figure_adds_up_to_the_total(states):
    report = report_of(states)
    assert report.identities_hold
    assert set(report.dimensions) == set(Dimension)
    for values in report.dimensions.values():
        for figure in COUNTED_BY:
            assert sum(getattr(one, figure) for one in values.values()) == getattr(report.totals, figure)
    unknown = sum(state.nationality is None for state in states)
    found = report.dimensions[Dimension.NATIONALITY].get(UNKNOWN)
    assert (found.crossings if found else 0) == unknown
    assert decode_report(encode_report(report)) == report


@given(st.lists(STATES, min_size=1, max_size=20), st.sampled_from(Dimension), st.randoms(use_true_random=False))
def test_a_crossing_that_is_left_out_of_a_dimension_is_seen_and_named(states, dimension, chance):
    cut = counts_by_dimension(states)
    key = chance.choice([key for key in cut if key.dimension is dimension])
    cut[key] -= 1
    whole = report_of(states)
    dimensions = tuple(DimensionCount(**one._asdict(), count=number) for one, number in cut.items())
    spoilt = build_report(msgspec.structs.replace(snapshot(), counts=(), dimensions=dimensions), revision=1)
    broken = {identity.right_name for identity in spoilt.identities if not identity.holds}
    assert f"{BY_DIMENSION}{dimension}" in broken or whole.totals.crossings == 1


def test_what_is_not_known_is_printed_as_not_known_and_the_hour_is_the_local_one():
    state = msgspec.structs.replace(BASES[0], nationality=None, sex=Sex.UNSPECIFIED)
    assert value_of(state, Dimension.HOUR) == "08"
    tables = {table["name"]: table["rows"] for table in dimensions_of(report_of([state]), labels=VIETNAMESE)}
    assert [row["name"] for row in tables["Quốc tịch"]] == [row["name"] for row in tables["Giới tính"]] == [NOT_KNOWN]
    assert tables["Giờ trong ngày"][0] == {"name": "08 giờ", "cells": ["1", "0", "0", "0"]}
    words = words_of(report_of([state]), place="Quảng Ninh", labels=VIETNAMESE)
    scopes = [identity["scope"] for identity in words["identities"]]
    assert "Cộng theo quốc tịch: lượt qua cửa khẩu" in scopes
    assert all(identity["verdict"] == "Khớp" for identity in words["identities"])


def test_the_printed_report_holds_the_tables_by_dimension():
    state = msgspec.structs.replace(BASES[0], nationality=None, sex=Sex.FEMALE)
    pages = PdfReader(io.BytesIO(print_pdf(report_of([state]), letterhead=LETTERHEAD))).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    for words in ("IX. SỐ LIỆU THEO QUỐC TỊCH, GIỚI TÍNH, GIỜ", NOT_KNOWN, "Nữ", "08 giờ", "Cộng theo giới tính"):
        assert words in text


def test_declarations_slips_shifts_and_coverage_are_printed_and_late_ones_make_a_revision():
    beside = (
        BesideCount(point_of_entry_id=GATES[0], figure="declarations", detail="phone", count=30),
        BesideCount(point_of_entry_id=GATES[0], figure="declarations", detail="kiosk", count=4),
        BesideCount(point_of_entry_id=GATES[1], figure="own_temperatures_raised", detail="end", count=1),
    )
    covered = CoverageLine(
        point_of_entry_id=GATES[0],
        hours=2,
        hours_listed=0,
        as_of=MORNING,
        seen=25,
        logged=23,
        seen_not_logged=2,
        not_measured=1,
    )
    report = report_of([], beside=beside, coverage=(covered,))
    names = dict(zip(GATES, ("Móng Cái", "Hoành Mô", "Bắc Phong Sinh"), strict=True))
    lines = beside_of(report, names=names)
    assert lines == [
        "Hoành Mô: lượt cán bộ vượt ngưỡng 1; độ phủ: chưa có giờ nào được đối chiếu.",
        (
            "Móng Cái: tờ khai y tế 34; độ phủ 2 giờ, đến 08:00 ngày 22/11/2026: máy quét thấy 25, làn ghi 23, "
            "thấy mà chưa ghi 2, chưa đo 1, chưa có danh sách xuất nhập cảnh."
        ),
    ]
    assert not says_the_same(report, report_of([], beside=beside[:1], coverage=(covered,)))
    older = msgspec.structs.replace(report, dimensions=None, beside=None, coverage=None)
    assert says_the_same(older, report), "what an older program froze is not frozen again for being older"
    assert (beside_of(older, names=names), dimensions_of(older, labels=VIETNAMESE)) == ([], [])
