"""Which language and which theme a page is shown in, and the labels it is filled with.

Labels reach us as plain mappings, language -> section -> key -> text, so that this room imports nothing.
Placeholders are ``{name}``; numbers are formatted by the browser's modules (``static/js/format.js``).
"""

from collections.abc import Mapping

from starlette.requests import Request

LANGUAGES = ("vi", "en", "zh")
THEMES = ("auto", "light", "dark")
LANGUAGE_COOKIE = "kd-language"
THEME_COOKIE = "kd-theme"

Labels = Mapping[str, Mapping[str, Mapping[str, str]]]


class LabelMissingError(KeyError):
    """A template names a label that the catalogue lacks: our fault, a test finds it."""


def language_of(request: Request) -> str:
    """Return the chosen language; Vietnamese where nothing was chosen."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def theme_of(request: Request) -> str:
    """Return the chosen theme; ``auto`` follows the machine."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def next_language(language: str) -> str:
    """Return the language that F9 turns to.

    >>> next_language("vi"), next_language("zh")
    ('en', 'vi')
    """
    return LANGUAGES[(LANGUAGES.index(language) + 1) % len(LANGUAGES)]


def label(labels: Labels, key: str, *, language: str, values: Mapping[str, object] | None = None) -> str:
    """Return one label with its placeholders filled; raises LabelMissingError.

    >>> label({"vi": {"lane": {"saved": "Đã lưu {number}"}}}, "lane.saved", language="vi", values={"number": 7})
    'Đã lưu 7'
    """
    section, _, name = key.partition(".")
    try:
        text = labels[language][section][name]
    except KeyError as error:
        msg = f"{language}: {key}"
        raise LabelMissingError(msg) from error
    for placeholder, content in (values or {}).items():
        text = text.replace("{" + placeholder + "}", str(content))
    return text


def preference_cookie(name: str, content: str, *, scheme: str) -> str:
    """Return the Set-Cookie value of a preference, kept for a year."""
    secure = "; Secure" if scheme == "https" else ""
    return f"{name}={content}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict{secure}"
