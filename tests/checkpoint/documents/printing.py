"""Print a zone on a synthetic page and photograph it badly: from the sheet of letters, without any font file."""

import cv2
import numpy as np

from checkpoint.documents.camera.letters import LETTERS
from checkpoint.documents.camera.training import glyphs

LINE_STEP = 2.5  # 6.35 mm at 2.54 mm a letter, Doc 9303 part 3, 4.3


def page(lines, *, cut=0, pitch_px=20, margin=3.0, extra=None):
    """A light page with the zone at its foot, and some other print above it."""
    cells = glyphs()[cut]
    height, width = cells.shape[1:]
    longest = max(map(len, lines))
    rows = int((len(lines) * LINE_STEP + 10) * width)
    picture = np.full((rows, int((longest + 2 * margin) * width)), 235, np.uint8)
    for number, line in enumerate(lines):
        top = rows - int((len(lines) - number) * LINE_STEP * width) - width // 2
        for column, letter in enumerate(line):
            left = int((margin + column) * width)
            spot = picture[top : top + height, left : left + width]
            np.minimum(spot, cells[LETTERS.index(letter)], out=spot)
    picture = np.asarray(np.maximum(picture, 30))
    for number, words in enumerate(extra or ("CONG HOA", "Ho va ten / Full name", "Ngay sinh 05/03/1990")):
        cv2.putText(picture, words, (200, 150 + number * 150), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 60, 5, cv2.LINE_AA)
    scale = pitch_px / width
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def turned(picture, *, degrees):
    """The page turned on a dark table, nothing cut off."""
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    grown_w = int(abs(turn[0, 0]) * width + abs(turn[0, 1]) * height)
    grown_h = int(abs(turn[0, 1]) * width + abs(turn[0, 0]) * height)
    turn[0, 2] += (grown_w - width) / 2
    turn[1, 2] += (grown_h - height) / 2
    return cv2.warpAffine(picture, turn, (grown_w, grown_h), flags=cv2.INTER_LINEAR, borderValue=120)


def blurred(picture, *, pitch_px, share=0.06):
    return cv2.GaussianBlur(picture, (0, 0), share * pitch_px)


def noisy(picture, *, seed, deviation=14):
    noise = np.random.default_rng(seed).normal(0, deviation, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def shaded(picture):
    """Light from one side: the far end is half as bright."""
    return (picture * np.linspace(1, 0.5, picture.shape[1])).astype(np.uint8)


def tilted(picture, *, share=0.04):
    """Photographed from the side: the far edge is shorter."""
    height, width = picture.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + np.array([[0, 0], [0, share * height], [0, -share * height], [0, 0]], np.float32)
    return cv2.warpPerspective(picture, cv2.getPerspectiveTransform(corners, seen), (width, height), borderValue=120)


def as_jpeg(picture, *, quality=80):
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def as_png(picture):
    return cv2.imencode(".png", picture)[1].tobytes()
