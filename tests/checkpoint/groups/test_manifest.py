"""A tour company's list: every row is read or refused, every mistake is told with its row and column."""

import csv
import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from checkpoint.groups import LARGEST_FILE_BYTES, ManifestFault, RowFault, read_manifest

TODAY = date(2026, 11, 22)
HEADING = ["STT", "Họ và tên", "Số hộ chiếu", "Ngày sinh", "Quốc tịch", "Số ghế"]
PEOPLE = [
    ["1", "Nguyễn Thị Hường", "C1234567", "05/09/1988", "Việt Nam", "14C"],
    ["2", "Đặng Văn Ơn", "c 7654321", "1990-01-31", "VNM", "14D"],
    ["3", "韦 小明", "E12345678", "1985年3月7日", "中国", "15A"],
]


def as_csv(rows, *, delimiter=",", encoding="utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def faults(content: bytes) -> list[tuple[int, str, ManifestFault]]:
    return [(one.row, one.column, one.fault) for one in read_manifest(content, today=TODAY).faults]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_read_in_every_form_that_excel_in_viet_nam_saves(delimiter, encoding):
    read = read_manifest(as_csv([HEADING, *PEOPLE], delimiter=delimiter, encoding=encoding), today=TODAY)

    assert read.faults == ()
    assert [one.full_name for one in read.members] == ["Nguyễn Thị Hường", "Đặng Văn Ơn", "韦 小明"]
    assert [one.number_key for one in read.members] == ["C1234567", "C7654321", "E12345678"]
    assert [one.date_of_birth for one in read.members] == [date(1988, 9, 5), date(1990, 1, 31), date(1985, 3, 7)]
    assert [one.nationality for one in read.members] == ["VNM", "VNM", "CHN"]
    assert [one.seat for one in read.members] == ["14C", "14D", "15A"]


def test_a_workbook_is_read_below_its_title_with_dates_and_figures_as_excel_keeps_them():
    rows = [
        ["DANH SÁCH ĐOÀN KHÁCH DU LỊCH"],
        [],
        ["TT", "姓名", "证件号码", "出生日期", "车厢"],
        [1, "韦小明", "E12345678", date(1985, 3, 7), 3],
        [2, "Trần Văn Bình", 123456789, None, "3"],
    ]

    read = read_manifest(as_xlsx(rows), today=TODAY)

    assert read.faults == ()
    assert [(one.row, one.document_number, one.carriage) for one in read.members] == [
        (4, "E12345678", "3"),
        (5, "123456789", "3"),
    ]


def test_every_mistake_is_told_with_its_row_and_column():
    rows = [
        HEADING,
        PEOPLE[0],
        ["4", "", "C1111111", "", "", ""],
        ["5", "Lý Thị Sín", "", "", "", ""],
        ["6", "Chìu A Múi", "C2222222", "32/01/1990", "Sao Hỏa", ""],
        ["7", "Tằng A Phượng", "C1234567", "", "", ""],
        ["8", "Hoàng Văn Nam", "1,23E+11", "", "", ""],
    ]

    assert faults(as_csv(rows, delimiter=";")) == [
        (3, "full_name", ManifestFault.NAME_MISSING),
        (4, "document_number", ManifestFault.NUMBER_MISSING),
        (5, "date_of_birth", ManifestFault.DATE_UNREADABLE),
        (5, "nationality", ManifestFault.NATIONALITY_UNKNOWN),
        (6, "document_number", ManifestFault.NUMBER_REPEATED),
        (7, "document_number", ManifestFault.NUMBER_ROUNDED),
    ]
    repeated = read_manifest(as_csv(rows, delimiter=";"), today=TODAY).faults[4]
    assert repeated == RowFault(row=6, column="document_number", fault=ManifestFault.NUMBER_REPEATED, other_row=2)


def test_a_citizen_s_number_whose_first_zero_excel_took_is_told():
    read = read_manifest(as_xlsx([HEADING[:3], [1, "Nguyễn Văn An", 22088001234]]), today=TODAY)

    assert [(one.row, one.fault) for one in read.faults] == [(2, ManifestFault.NUMBER_LOST_ZERO)]


def test_a_child_without_a_document_is_read_by_its_birth_date():
    [child] = read_manifest(as_csv([HEADING, ["1", "Bé Na", "", "01/06/2024", "", ""]]), today=TODAY).members

    assert (child.number_key, child.date_of_birth) == ("", date(2024, 6, 1))


@pytest.mark.parametrize(
    "content",
    [
        "Họ tên;Số hộ chiếu;Ghi chú\nLý A;B0000001;ăn chay, ghế cửa sổ, dị ứng, trẻ em\n".encode("utf-8-sig"),
        "Đoàn Sao Biển, ngày 22, 11, 2026\nHọ tên;Số hộ chiếu\nLý A;B0000001\n".encode(),
        "姓名 Name,护照号 Passport No.\nLý A,B0000001\n".encode(),
        "Họ và tên / Full name,Số CCCD/Hộ chiếu,DOB (dd/mm/yyyy)\nLý A,B0000001,\n".encode(),
    ],
)
def test_the_lists_of_every_day_are_read(content):
    [one] = read_manifest(content, today=TODAY).members
    assert (one.full_name, one.document_number) == ("Lý A", "B0000001")


def test_a_list_from_a_chinese_spreadsheet_is_read():
    [one] = read_manifest("姓名,护照号,出生日期\n李明,E11223344,1985年11月2日\n".encode("gb18030"), today=TODAY).members
    assert (one.full_name, one.date_of_birth) == ("李明", date(1985, 11, 2))


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["Lý A", "#N/A", ""], ("document_number", ManifestFault.NUMBER_MISSING)),
        (["#DIV/0!", "B0000001", ""], ("full_name", ManifestFault.NAME_MISSING)),
        (["Lý A", "1.2E+11", ""], ("document_number", ManifestFault.NUMBER_ROUNDED)),
        (["Lý A", "B0000001", "1985112"], ("date_of_birth", ManifestFault.DATE_UNREADABLE)),
    ],
)
def test_a_cell_that_says_nothing_or_two_things_is_told(cells, told):
    rows = [["Họ tên", "Số hộ chiếu", "Ngày sinh"], cells]
    assert [(one.column, one.fault) for one in read_manifest(as_csv(rows), today=TODAY).faults] == [told]


def test_a_number_that_only_looks_rounded_and_a_date_of_eight_digits_are_read():
    rows = [["Họ tên", "Số hộ chiếu", "Ngày sinh"], ["Lý A", "5E1234567", "19851102"]]
    [one] = read_manifest(as_csv(rows), today=TODAY).members
    assert (one.document_number, one.date_of_birth) == ("5E1234567", date(1985, 11, 2))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", ManifestFault.FILE_EMPTY),
        (b"x" * (LARGEST_FILE_BYTES + 1), ManifestFault.FILE_TOO_LARGE),
        (b"PK\x03\x04 no archive", ManifestFault.FILE_UNREADABLE),
        (b"ho ten,so ho chieu\n\xff\xfe\xfd,C1", ManifestFault.ENCODING_UNKNOWN),
        ("Tên,Điện thoại\nAn,09\n".encode(), ManifestFault.HEADING_MISSING),
        ("Họ tên;Số hộ chiếu\n".encode(), ManifestFault.NOBODY_LISTED),
        ("Họ tên;Hộ chiếu;Passport\nAn;C1234567;C1234567\n".encode(), ManifestFault.HEADING_TWICE),
        (as_csv([HEADING, *([PEOPLE[0]] * 2_001)]), ManifestFault.ROWS_TOO_MANY),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole_and_says_why(content, fault):
    read = read_manifest(content, today=TODAY)

    assert [(one.row, one.fault) for one in read.faults] == [(0, fault)]
    assert read.members == ()


def test_an_archive_that_unpacks_to_a_thousand_times_its_size_is_refused_unopened():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 20_000_000)

    assert len(packed.getvalue()) < 100_000
    assert faults(packed.getvalue()) == [(0, "", ManifestFault.FILE_TOO_LARGE)]


def test_a_workbook_whose_markup_defines_entities_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_xlsx([HEADING, PEOPLE[0]]))) as honest, zipfile.ZipFile(packed, "w") as archive:
        for part in honest.namelist():
            begun = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>' if part.endswith("sheet1.xml") else b""
            archive.writestr(part, begun + honest.read(part).removeprefix(b'<?xml version="1.0"?>'))

    assert faults(packed.getvalue()) == [(0, "", ManifestFault.FILE_UNREADABLE)]


@pytest.mark.parametrize("begun", [b"", b"\xef\xbb\xbf", b" "])
def test_a_part_by_another_name_is_markup_all_the_same(begun):
    packed, evil = io.BytesIO(), begun + b'<!DOCTYPE a [<!ENTITY b "c">]>'
    with zipfile.ZipFile(io.BytesIO(as_xlsx([HEADING, PEOPLE[0]]))) as honest, zipfile.ZipFile(packed, "w") as archive:
        for part in honest.namelist():
            content = honest.read(part).replace(b"sheet1.xml", b"sheet1.dat")
            content = evil + content.removeprefix(b'<?xml version="1.0"?>') if part.endswith("sheet1.xml") else content
            archive.writestr(part.replace("sheet1.xml", "sheet1.dat"), content)

    assert faults(packed.getvalue()) == [(0, "", ManifestFault.FILE_UNREADABLE)]


def test_a_formula_is_never_worked_out():
    read = read_manifest(as_xlsx([HEADING[:3], [1, "Lý A Sửu", '=HYPERLINK("http://x")&"C9999999"']]), today=TODAY)

    assert [(one.column, one.fault) for one in read.faults] == [("document_number", ManifestFault.NUMBER_MISSING)]


CELLS = st.one_of(st.text(max_size=12), st.sampled_from(["C1234567", "C7654321", "01/02/1990", "14C", "VNM", ""]))


@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=12))
def test_every_row_stands_in_exactly_one_of_read_and_refused(people):
    read = read_manifest(as_csv([HEADING, *people]), today=TODAY)

    rows = [one.row for one in read.members]
    assert set(rows).isdisjoint(read.refused)
    assert len(rows) == len(set(rows))
    if 0 not in {one.row for one in read.faults}:
        assert len(rows) + len(read.refused) == sum(any(cell.split() for cell in row[:40]) for row in people)


@given(st.binary(max_size=400))
def test_no_bytes_raise(content):
    assert read_manifest(content, today=TODAY).faults or read_manifest(content, today=TODAY).members


def test_a_list_on_the_second_sheet_is_found_and_the_sheet_is_named():
    book = Workbook()
    book.active.append(["Kính gửi", "Ban Quản lý cửa khẩu"])
    listed = book.create_sheet("Danh sách")
    for row in [HEADING, *PEOPLE]:
        listed.append(list(row))
    content = io.BytesIO()
    book.save(content)
    read = read_manifest(content.getvalue(), today=TODAY)
    assert (len(read.members), read.faults, read.reading) == (len(PEOPLE), (), 2)


@pytest.mark.parametrize("born", ["23/11/2026", "01/01/1880"])
def test_a_birth_that_cannot_be_is_refused_in_its_row(born):
    content = as_csv([HEADING, ["1", "Nguyễn Văn An", "C1234567", born, "", ""]])
    assert faults(content) == [(2, "date_of_birth", ManifestFault.BIRTH_IMPOSSIBLE)]
