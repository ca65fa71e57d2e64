"""Every word the screens ask for exists in Vietnamese, English and Chinese, with the same placeholders."""

import re
import string
from pathlib import Path

import pytest

from tests.web.serving import Visitor, served
from tests.web.stage import edge_app, labels
from web.language import LANGUAGES, LabelMissingError, label

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    path
    for room in ("web", "checkpoint/web", "central/web")
    for path in (ROOT / room).rglob("*")
    if path.suffix in {".js", ".html"} and "vendor" not in path.parts
]
KEY = re.compile(r"""(?<![\w.])[tT]\((?:"|')([a-zA-Z_]+\.\w+)(?:"|')""")
KEY_AS_ARGUMENT = re.compile(
    r"""(?:submitKey: |t\([^"()]*\? |: )"((?:lane|desk|isolation_room|report_page|command|look)\.\w+)\""""
)


def keys_named():
    for path in SOURCES:
        text = path.read_text("utf-8")
        for key in (*KEY.findall(text), *KEY_AS_ARGUMENT.findall(text)):
            if not key.endswith("_"):  # the first part of a key that goes on with a slug
                yield key, path.name


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_label_named_in_a_page_or_module_exists(language):
    catalogue = labels()
    named = sorted(set(keys_named()))

    missing = [
        (key, where) for key, where in named if key.split(".")[1] not in catalogue[language].get(key.split(".")[0], {})
    ]

    assert len(named) > 150
    assert missing == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_label_exists_in_all_languages_with_the_same_placeholders(language):
    catalogue = labels()
    vietnamese = {
        (section, key): placeholders(text) for section, words in catalogue["vi"].items() for key, text in words.items()
    }
    other = {
        (section, key): placeholders(text)
        for section, words in catalogue[language].items()
        for key, text in words.items()
    }

    assert other == vietnamese


@pytest.mark.parametrize(
    "key", ["empty", "awaiting_reading", "choose", "cleared", "wait", "recheck", "referred", "refused"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_situation_of_the_lane_has_its_word_and_its_sentence(language, key):
    words = labels()[language]["lane"]

    assert words[f"word_{key}"] == words[f"word_{key}"].upper()
    assert words[f"say_{key}"].rstrip().endswith((".", "。"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_refusal_says_what_to_do(language):
    words = labels()[language]["refusal"]
    codes = [code for code in words if not code.endswith("_do")]

    assert len(codes) > 20
    assert all(words[f"{code}_do"] for code in codes)


def test_a_missing_label_is_an_error_that_names_it():
    with pytest.raises(LabelMissingError, match=r"vi: lane\.nothing_like_this"):
        label(labels(), "lane.nothing_like_this", language="vi")


@pytest.mark.parametrize(
    ("language", "words"), [("vi", "Mời người tiếp theo"), ("en", "Next traveller"), ("zh", "请下一位")]
)
def test_a_page_is_shown_in_the_chosen_language(language, words):
    with served(edge_app()) as url:
        client = Visitor(url).sign_in("canbo")
        client.post("/preferences", data={"language": language, "next": "/lanes/empty"})
        page = client.get("/lanes/empty").text

    assert words in page
    assert f'data-language="{language}"' in page


def test_an_unknown_language_or_theme_is_ignored_and_leads_nowhere_else():
    with served(edge_app()) as url:
        answer = Visitor(url).post("/preferences", data={"language": "xx", "theme": "pink", "next": "//evil.example"})

    assert answer.headers["location"] == "/"
    assert "set-cookie" not in answer.headers


def test_no_field_for_a_day_or_an_hour_follows_the_language_of_the_browser():
    native = re.compile(r"""type["']?\s*[:=]\s*["'](?:date|time|datetime-local|month|week)["']""")
    assert [str(path) for path in SOURCES if native.search(path.read_text("utf-8"))] == []
    assert len(SOURCES) > 50
