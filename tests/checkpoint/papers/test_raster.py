"""A slip on paper: what the printer is told is the page, dot for dot, and its code can be read back."""

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from checkpoint.papers.raster import Dots, PrinterLanguage, printer_bytes
from checkpoint.papers.typesetting import code_svg, typeset_dots, typeset_pdf
from tests.checkpoint.printers import esc_pos_page, zpl_page

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
CODE = "KDS1:THE-CODE-OF-A-SLIP:"
SLIP = {
    "issuer": "Kiểm dịch y tế Móng Cái",
    "title": "ĐÃ KIỂM DỊCH",
    "exercise": "",
    "name": "Nguyễn Thị Phượng Ỷ",
    "rows": [["Giấy tờ", "••••4567"], ["Lúc", "22/11/2026 12:00"]],
    "code": code_svg(CODE),
    "foot": "Xuất trình tại chốt kiểm soát tiếp theo",
}
pictures = arrays(bool, st.tuples(st.integers(1, 300), st.integers(1, 60)))


@pytest.mark.parametrize(
    ("language", "paper"), [(PrinterLanguage.ESC_POS, esc_pos_page), (PrinterLanguage.ZPL, zpl_page)]
)
@given(picture=pictures)
def test_a_printer_prints_the_picture_dot_for_dot(language, paper, picture):
    printed = paper(printer_bytes(Dots.from_dark(picture), language=language))

    rows, columns = picture.shape
    assert (printed[:rows, :columns] == picture).all()
    assert not printed[:, columns:].any()


@pytest.mark.parametrize(
    ("language", "paper"), [(PrinterLanguage.ESC_POS, esc_pos_page), (PrinterLanguage.ZPL, zpl_page)]
)
def test_the_code_on_a_printed_slip_is_read_back(language, paper):
    printed = paper(printer_bytes(typeset_dots("slip", values=SLIP), language=language))

    assert printed.shape[1] == 384
    picture = cv2.copyMakeBorder(np.where(printed, 0, 255).astype(np.uint8), 8, 8, 8, 8, cv2.BORDER_CONSTANT, value=255)
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [CODE]


def test_the_same_slip_is_the_same_page_byte_for_byte():
    first, again = (typeset_pdf("slip", values=SLIP, at=NOON) for _ in range(2))

    assert first == again
    assert first.startswith(b"%PDF-")


def test_a_name_that_is_markup_stays_a_name():
    strange = typeset_dots("slip", values=SLIP | {"name": '#panic("x") $a_1$ *b*'})

    assert strange.rows > 100


def test_a_chinese_name_is_printed_in_its_characters_and_not_as_empty_boxes():
    """An empty box looks the same for every character it stands for; a character like no other."""
    strips = [typeset_dots("slip", values={**SLIP, "name": name}) for name in ("王伟明", "李小龙", "曾吕龘", "王伟明")]
    first, second, third, again = (strip.dark() for strip in strips)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, third)


def test_a_slip_can_speak_chinese_from_the_head_to_the_foot():
    words = {"issuer": "健康检疫", "title": "检疫合格", "rows": [["方向", "入境"]], "foot": "请在下一检查站出示"}
    printed = typeset_dots("slip", values={**SLIP, **words}).dark()
    boxes = typeset_dots("slip", values={**SLIP, **words, "title": "疫检格合"}).dark()
    assert not np.array_equal(printed, boxes)
