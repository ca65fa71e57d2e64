"""Lanes and kinds of devices in the language of the page, and English that reads well with a count of one."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.web.test_screens_in_a_browser import edge, open_page, violations  # noqa: F401  # edge is a fixture

ENGLISH = Path(__file__).resolve().parents[2] / "sync" / "agreement" / "labels" / "en.toml"
COUNTED = re.compile(r"\{(?:count|people|rechecks|parties|faults)\} (?:\w+ )?\w{3,}s\b")
KEPT = {"ConditionReason", "refusal"}
"""Sections whose counts are never one, or are no counts."""


@pytest.mark.parametrize(
    ("language", "lane", "kind"),
    [
        ("vi", "Làn 1", "Máy nhận diện khuôn mặt"),
        ("en", "Lane 1", "Face terminal with thermometer"),
        ("zh", "1 号通道", "人脸测温终端"),
    ],
)
def test_a_device_is_named_by_its_kind_and_lane_in_the_language_of_the_page(page, edge, language, lane, kind):  # noqa: F811
    open_page(page, edge, "/devices", username="quantri", language=language)
    first = page.locator("#devices th").first
    first.locator("p", has_text=kind).wait_for()
    assert lane in first.inner_text()
    assert "facesluice" not in first.inner_text()
    assert violations(page) == []


@pytest.mark.parametrize(("language", "lane"), [("vi", "Làn 2"), ("en", "Lane 2"), ("zh", "2 号通道")])
def test_the_officers_lane_is_named_in_the_language_of_the_page(page, edge, language, lane):  # noqa: F811
    open_page(page, edge, "/lanes/empty", username="canbo", language=language)
    page.wait_for_selector("#verdict[data-phase]")
    assert page.locator("#lane-name").inner_text().endswith(lane)


def test_english_never_puts_a_count_before_a_plural():
    sections = tomllib.loads(ENGLISH.read_text(encoding="utf-8"))
    plural = [
        f"{section}.{key}: {words}"
        for section, keys in sections.items()
        if section not in KEPT
        for key, words in keys.items()
        if isinstance(words, str) and COUNTED.search(words)
    ]
    assert plural == []
