"""Orders, lists and letters of an isolation: every word of the case on the page, in PDF and DOCX alike."""

import getpass
import io
import re
from datetime import UTC, date, datetime, timedelta

import msgspec
import pypdf
import pytest
from docx import Document

from checkpoint.isolation.case import CasePath, CaseWords, IsolationCase
from checkpoint.isolation.path import PathState
from checkpoint.papers.case_words import Office, order_paper
from checkpoint.papers.orders import BLANK, Form, Letterhead, PaperError, fill, form_topics, load_form
from checkpoint.papers.typesetting import typeset_pdf
from checkpoint.papers.word_file import paper_docx
from sync.agreement.facts import RunningClock
from sync.agreement.isolation_words import IsolationGround
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.vocabulary import ClockKind, Sex

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
LABELS = Catalogue.load("vi")
OFFICE = Office(
    parent_body="Sở Y tế tỉnh Quảng Ninh",
    issuing_body="Trung tâm Kiểm soát bệnh tật",
    gate_parent_body="Ủy ban nhân dân tỉnh Quảng Ninh",
    gate_body="Ban Quản lý cửa khẩu quốc tế Móng Cái",
    place="Móng Cái",
    law_title="Luật Phòng bệnh 114/2025/QH15, Nghị định 165/2026/NĐ-CP",
)
CASE = IsolationCase(
    crossing_id="01938f00-0000-7000-8000-000000000001",
    point_of_entry_id="mong-cai",
    place_names={"vi": "cửa khẩu quốc tế Móng Cái", "en": "Móng Cái", "zh": "芒街"},
    policies=(),
    full_name="Nguyễn Thị Phượng",
    document_number="QN012345",
    document_kind="border_pass",
    date_of_birth=date(1984, 3, 9),
    sex=Sex.FEMALE,
    nationality="VNM",
    address="Phường Móng Cái 1",
    telephone="",
    vehicle_plate="",
    direction="entry",
    presented_at=NOON - timedelta(hours=1),
    temperature_c=38.4,
    recheck_c=38.6,
    place_id="B2",
    path=CasePath(
        state=PathState.ISOLATED,
        ground=IsolationGround.SUSPECT,
        proposed_at=NOON - timedelta(minutes=40),
        decided_at=NOON,
    ),
    words=CaseWords(order_number="12/QĐ-CK", signer="Trần Văn Đức", proposer="Lê Thị Hòa"),
    clocks=(
        RunningClock(
            kind=ClockKind.GATE_ISOLATION,
            started_at=NOON,
            due_at=NOON + timedelta(hours=48),
            clause="điểm b khoản 3 Điều 17",
        ),
    ),
    contacts=(),
    acts=(),
    forms={"gate_isolation_order": "Mẫu số 03 Phụ lục IV"},
)


def paper_of(topic, case=CASE, office=OFFICE):
    return order_paper(case, topic=topic, office=office, labels=LABELS, at=NOON)


def squeezed(text):
    return re.sub(r"\s+", " ", text)


def pdf_text(paper):
    printed = typeset_pdf("order", values=msgspec.to_builtins(paper), at=NOON)
    return squeezed(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed)).pages))


def docx_text(paper):
    document = Document(io.BytesIO(paper_docx(paper, at=NOON)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return squeezed(" ".join([*(line.text for line in document.paragraphs), *cells]))


def test_the_order_of_gate_isolation_says_who_where_and_until_when():
    text = " ".join(paper_of("gate_isolation_order").lines())

    assert "Điều 1. Áp dụng biện pháp cách ly y tế tại cửa khẩu quốc tế Móng Cái" in text
    assert "Nguyễn Thị Phượng; ngày sinh: 09/03/1984; giới tính: Nữ" in text
    assert "kể từ 12:00 22/11/2026 đến không quá 12:00 24/11/2026" in text


def test_an_order_printed_days_later_says_what_was_signed():
    signed = msgspec.structs.replace(
        CASE.path, ordered_place="B2", ordered_until=NOON + timedelta(hours=48), state=PathState.IN_TRANSIT
    )
    later = msgspec.structs.replace(CASE, path=signed, place_id=None, clocks=())
    days_on = NOON + timedelta(days=3)
    paper = order_paper(later, topic="gate_isolation_order", office=OFFICE, labels=LABELS, at=days_on)
    text = " ".join(paper.lines())
    assert "Địa điểm cách ly: B2." in text
    assert "đến không quá 12:00 24/11/2026" in text
    assert paper.letterhead.place_and_date == "Móng Cái, ngày 22 tháng 11 năm 2026"


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("gate_isolation_order", OFFICE.gate_body),
        ("compulsory_isolation_order", OFFICE.gate_body),
        ("consular_notice", OFFICE.gate_body),
        ("isolation_list", OFFICE.issuing_body),
        ("handover_record", OFFICE.issuing_body),
        ("isolation_completed", OFFICE.issuing_body),
    ],
)
def test_each_paper_bears_the_head_of_whoever_issues_it_and_a_place_for_its_number(topic, body):
    paper = paper_of(topic)
    assert paper.letterhead.issuing_body == body
    assert paper.number


def test_a_country_is_written_out_and_a_rare_one_keeps_its_letters():
    for code, shown in (("CHN", "quốc tịch: Trung Quốc"), ("XXA", "quốc tịch: XXA")):
        text = " ".join(paper_of("consular_notice", msgspec.structs.replace(CASE, nationality=code)).lines())
        assert shown in text


@pytest.mark.parametrize("topic", form_topics())
def test_every_form_prints_each_of_its_lines_as_pdf_and_as_docx(topic):
    paper = paper_of(topic)
    pdf, docx = pdf_text(paper), docx_text(paper)

    for line in paper.lines():
        assert squeezed(line) in docx
        assert squeezed(line).replace(" ", "") in pdf.replace(" ", "").replace("-\u00ad", "")
    for recipient in paper.recipients:
        assert recipient in docx
        assert recipient.replace(" ", "") in pdf.replace(" ", "")
    for signature in paper.signatures:
        assert signature.title in docx
        assert signature.title.replace(" ", "") in pdf.replace(" ", "")


def test_what_nobody_noted_is_a_line_for_the_pen():
    text = " ".join(paper_of("handover_record").lines())

    assert f"Nơi tiếp nhận: {BLANK}" in text
    assert "None" not in text


def test_the_form_s_number_comes_from_the_law_pack():
    assert "Mẫu số 03 Phụ lục IV" in pdf_text(paper_of("gate_isolation_order"))
    assert "Mẫu số" not in pdf_text(paper_of("consular_notice"))


def test_an_exercise_is_marked_on_the_page():
    drill = msgspec.structs.replace(OFFICE, is_exercise=True)

    assert "DIỄN TẬP" in pdf_text(paper_of("isolation_list", office=drill))
    assert "DIỄN TẬP" in docx_text(paper_of("isolation_list", office=drill))


def test_a_file_to_be_edited_marks_every_page_of_an_exercise_and_no_other():
    drill = msgspec.structs.replace(OFFICE, is_exercise=True)

    def edges(paper):
        section = Document(io.BytesIO(paper_docx(paper, at=NOON))).sections[0]
        return [section.header.paragraphs[0].text, section.footer.paragraphs[0].text]

    assert edges(paper_of("isolation_list", office=drill)) == ["DIỄN TẬP"] * 2
    assert edges(paper_of("isolation_list")) == ["", ""]


@pytest.mark.parametrize("topic", form_topics())
def test_no_paper_says_beside_its_text_whom_it_is_about_or_on_which_machine_it_was_made(topic):
    paper = paper_of(topic)
    printed = pypdf.PdfReader(io.BytesIO(typeset_pdf("order", values=msgspec.to_builtins(paper), at=NOON)))
    properties = Document(io.BytesIO(paper_docx(paper, at=NOON))).core_properties
    beside = [*map(str, printed.metadata.values()), printed.xmp_metadata.stream.get_data().decode()]
    beside += [properties.title, properties.subject, properties.comments, properties.keywords, properties.author]
    for private in (CASE.full_name, CASE.document_number, getpass.getuser(), "/home", "/tmp", "python"):
        assert not [one for one in beside if private.lower() in one.lower()], private
    assert properties.created.replace(tzinfo=UTC) == NOON


def test_nothing_is_printed_about_an_erased_person():
    with pytest.raises(PaperError, match="erased"):
        paper_of("isolation_list", case=msgspec.structs.replace(CASE, is_erased=True))


def test_a_name_with_a_placeholder_in_it_stays_a_name():
    strange = msgspec.structs.replace(CASE, full_name="$signer $$ #panic()")

    assert "$signer $$ #panic()" in " ".join(paper_of("isolation_list", case=strange).lines())


def test_a_form_that_asks_for_what_no_case_has_is_named():
    form = msgspec.structs.replace(load_form("isolation_list"), articles=("$shoe_size",))

    with pytest.raises(PaperError, match="shoe_size"):
        fill(
            form, values={"full_name": "A"} | dict.fromkeys(("law_title", "gate", "proposed_at"), "x"), letterhead=HEAD
        )


def test_an_unknown_form_is_named_with_those_that_exist():
    with pytest.raises(PaperError, match="gate_isolation_order"):
        load_form("passport")


HEAD = Letterhead(parent_body="", issuing_body="", place_and_date="")


def test_every_form_has_the_shape_of_a_form():
    assert all(isinstance(load_form(topic), Form) for topic in form_topics())
