"""The pictures beside the documents: all there, none left over, small, and the same picture after it was made small."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from central.actions.opening import open_centre
from central.app import build_app
from central.settings import load_settings
from checkpoint.app import create_app
from checkpoint.web import pages, router
from checkpoint.workers import Workers
from tests.central.running import write_settings
from tests.checkpoint.edges import LANE, Edge
from tests.lane_pages import key_table
from tests.pictures.indexed import with_few_colours
from tests.pictures.page_scenes import EVERY_SCENE, PICTURE_OF_PAGE
from tests.pictures.studio import SCREENS
from tests.web.stage import CHEAP, labels
from tests.web.test_door import routes_of

NO_PAGES = {"/", "/metrics", "/handheld/{language}"}
"""The way to the first page, what a monitor reads, and a handheld's page by another address."""
LARGEST_TOGETHER_BYTES = 4_000_000
NEAR = 12


def test_every_picture_of_a_screen_is_kept_and_none_that_nobody_takes():
    assert {path.stem for path in SCREENS.glob("*.png")} == {name for _, names in EVERY_SCENE for name in names}
    assert sum(path.stat().st_size for path in SCREENS.glob("*.png")) < LARGEST_TOGETHER_BYTES


@pytest.fixture
def served_pages(tmp_path: Path) -> Iterator[set[str]]:
    """Every address that either service answers with a page; an edge in a drill serves all that an edge does."""
    edge = Edge(tmp_path / "edge")
    settings = write_settings(tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}", port=0)
    centre = open_centre(load_settings(settings))
    drill = pages(labels(), is_exercise=True)
    apps = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP), build_app(centre)
    routes = [*apps[0].routes, *apps[1].routes, *router(drill, lane_ids=[LANE]).routes]
    got = {one.path for one in routes_of(routes) if "GET" in (one.methods or ()) and "." not in one.path}
    yield {path for path in got if not path.startswith(("/api/", "/sync/"))} - NO_PAGES
    edge.close()
    centre.store.close()


def test_every_page_that_is_served_has_a_picture(served_pages):
    names = {name for _, names in EVERY_SCENE for name in names}
    assert set(PICTURE_OF_PAGE) == served_pages
    assert set(PICTURE_OF_PAGE.values()) <= names


def test_the_lane_is_drawn_by_night_and_in_each_other_language():
    names = {name for _, names in EVERY_SCENE for name in names}
    assert {"lane-stop-dark", "lane-pass-en", "lane-recheck-zh", "display-pairing", "display-alarm", "kiosk"} <= names


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


def test_every_picture_is_shown_in_a_document():
    docs = SCREENS.parent
    shown = "".join(one.read_text(encoding="utf-8") for one in docs.glob("*.md"))
    assert [one.name for one in SCREENS.glob("*.png") if f"screens/{one.name}" not in shown] == []
