"""Each page is given the words that its own modules name: a missing section would show code words to people."""

import json
import re
from urllib.parse import urljoin

import pytest

from tests.web.serving import Visitor
from tests.web.test_axe_on_every_page import (  # noqa: F401  # two are fixtures
    CENTRE_PAGES,
    EDGE_PAGES,
    ROLES,
    centre_url,
    edge_url,
    who_may_open,
)

LABELS = re.compile(r'<script type="application/json" id="labels">(.*?)</script>', re.DOTALL)
MODULE = re.compile(r'<script type="module" src="([^"]+)"')
IMPORTED = re.compile(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"')
SECTION = re.compile(r'\bword\(\s*"(\w+)"|\b(?:t|has)\(\s*["`](\w+)\.')


def sections_named(visitor, address: str, *, seen: set[str]) -> dict[str, str]:
    """Which sections of the labels a module and the station's own modules behind it name, and where."""
    if address in seen or "/web/js/" in address:
        return {}
    seen.add(address)
    text = visitor.get(address).text
    named = {first or second: address for first, second in SECTION.findall(text)}
    for path in IMPORTED.findall(text):
        named |= sections_named(visitor, urljoin(address, path), seen=seen)
    return named


def missing_words(url: str, path: str, *, usernames) -> dict[str, str]:
    visitor = Visitor(url).sign_in(who_may_open(url, path, usernames=usernames))
    page = visitor.get(path).text
    given = LABELS.search(page)
    named: dict[str, str] = {}
    for address in MODULE.findall(page):
        named |= sections_named(visitor, address, seen=set())
    known = json.loads(given[1]) if given else {}
    return {section: address for section, address in named.items() if section not in known}


@pytest.mark.parametrize("path", EDGE_PAGES)
def test_a_page_of_the_edge_has_the_words_that_its_modules_name(edge_url, path):  # noqa: F811
    assert missing_words(edge_url, path, usernames=ROLES) == {}


@pytest.mark.parametrize("path", CENTRE_PAGES)
def test_a_page_of_the_centre_has_the_words_that_its_modules_name(centre_url, path):  # noqa: F811
    assert missing_words(centre_url, path, usernames=["cdc", "chihuy", "quantri"]) == {}
