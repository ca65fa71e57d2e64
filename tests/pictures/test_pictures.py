"""The pictures beside the documents: all there, none left over, small, and the same picture after it was made small."""

import cv2
import numpy as np

from tests.lane_pages import key_table
from tests.pictures.indexed import with_few_colours
from tests.pictures.scenes import SCENES
from tests.pictures.studio import SCREENS

LARGEST_TOGETHER_BYTES = 3_000_000
NEAR = 12


def test_every_picture_of_a_screen_is_kept_and_none_that_nobody_takes():
    assert {path.stem for path in SCREENS.glob("*.png")} == {name for _, names in SCENES for name in names}
    assert sum(path.stat().st_size for path in SCREENS.glob("*.png")) < LARGEST_TOGETHER_BYTES


def test_a_picture_with_few_colours_looks_like_the_one_that_was_taken():
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    taken = np.dstack([ramp, 255 - ramp, np.roll(ramp, 40, axis=1)])
    taken[10:50, 10:200] = (29, 20, 179)
    kept = with_few_colours(cv2.imencode(".png", taken)[1].tobytes())
    shown = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == taken.shape
    assert np.abs(shown.astype(int) - taken.astype(int)).max() <= NEAR
    assert tuple(shown[30, 100]) == (29, 20, 179)


def test_the_guide_names_every_key_of_the_lane_in_both_languages():
    assert "| `F10` | Bỏ lượt này |" in key_table("vi")
    assert "| `F11` | Lock, change officer |" in key_table("en")
