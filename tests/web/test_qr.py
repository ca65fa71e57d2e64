"""Our QR codes are, module for module, those of the standard, and a camera reads them."""

import random
import re

import cv2
import numpy as np
import pytest
import segno
import zxingcpp

from web.qr import LARGEST_VERSION, QrTextError, draw_qr, qr_modules

MARKS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
LONGEST = 970


def text_of(length):
    return "".join(random.Random(length).choices(MARKS, k=length))


def is_padded_oddly(length, *, version):
    """Where nothing is missing to a whole byte, segno adds an empty one, which 7.4.10 does not ask for."""
    return (4 + (9 if version < 10 else 11) + 11 * (length // 2) + 6 * (length % 2) + 4) % 8 == 0


@pytest.mark.parametrize("start", range(1, 12))
def test_every_module_is_segnos(start):
    for length in range(start, LONGEST + 1, 11):
        text = text_of(length)
        modules, version = qr_modules(text)
        if is_padded_oddly(length, version=version):
            continue
        theirs = segno.make_qr(text, error="m", boost_error=False, mask=3, mode="alphanumeric")
        assert theirs.version == version, length
        assert np.array_equal(np.array([list(row) for row in theirs.matrix]), modules), length


@pytest.mark.parametrize("length", [1, 25, 120, 170, 183, 445, 638])
def test_a_camera_reads_what_the_path_draws(length):
    text = "A" + text_of(length)[1:]
    assert seen_by_camera(draw_qr(text)) == text


def test_all_twenty_versions_are_drawn():
    versions = {draw_qr(text_of(length)).version for length in range(1, LONGEST + 1, 5)}
    assert versions == set(range(1, LARGEST_VERSION + 1))


@pytest.mark.parametrize("text", ["", "kd1", "KD1\n", "Ừ", "A" * (LONGEST + 1)])
def test_what_no_such_code_can_hold_is_refused(text):
    with pytest.raises(QrTextError):
        draw_qr(text)


def photograph(picture, *, scale=4):
    """Return the code as a camera's grey picture: ``scale`` pixels a module."""
    image = np.full((picture.size, picture.size), 255, np.uint8)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", picture.path):
        image[int(y), int(x) : int(x) + int(width)] = 0
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)


def seen_by_camera(picture, *, scale=4):
    """Read as the lane's camera does, with zxing-cpp.

    OpenCV's own reader is no measure: of the very same texts it misses between one and twelve in a hundred, whoever
    drew them and under whichever mask.
    """
    [found] = zxingcpp.read_barcodes(photograph(picture, scale=scale), formats=zxingcpp.BarcodeFormat.AllMatrix)
    return found.text
