"""What a person reads exists in Vietnamese, English and Chinese for every word of the vocabulary."""

import unicodedata

import pytest

from tests.document_parts import LANGUAGES, labels, vocabularies


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_has_a_label(language):
    catalogue = labels(language)
    missing = [
        f"{words.__name__}.{word.value}"
        for words in vocabularies()
        for word in words
        if not str(catalogue.get(words.__name__, {}).get(word.value, "")).strip()
    ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_is_left_of_a_word_that_is_gone(language):
    known = {words.__name__: {word.value for word in words} for words in vocabularies()}
    left = {name: set(labels(language).get(name, {})) - values for name, values in known.items()}
    assert {name: keys for name, keys in left.items() if keys} == {}


def test_the_three_catalogues_have_the_same_sections_and_keys():
    def keys(language: str) -> set[tuple[str, str]]:
        return {(section, key) for section, rows in labels(language).items() if isinstance(rows, dict) for key in rows}

    assert keys("vi") == keys("en") == keys("zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_in_composed_form(language):
    texts = [str(text) for rows in labels(language).values() if isinstance(rows, dict) for text in rows.values()]
    assert texts
    assert [text for text in texts if unicodedata.normalize("NFC", text) != text] == []
