"""The orders, lists and letters of one isolation: from a form and a case to a paper, ready to be typeset.

A form is a TOML document in ``forms/``: its words with ``$placeholders``, who signs, who gets a copy. It is
filled with what the case knows; what nobody has noted yet stays a dotted line for the pen, never a guess.
The number of the form comes from the law pack in force, not from here.
"""

import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from string import Template

import msgspec

BLANK = "……………………"
"""What the pen fills in."""


class PaperError(ValueError):
    """The paper cannot be made from this case; the message says why. A person must act, not a retry."""


class Issuer(StrEnum):
    """Whose letterhead a form bears: the gate's health quarantine, or the body that manages the gate."""

    HEALTH_BODY = "health_body"
    GATE_BODY = "gate_body"


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """Who issues: the upper and the issuing body, the place, and the form's number in the law pack."""

    parent_body: str
    issuing_body: str
    place_and_date: str
    form_number: str = ""
    is_exercise: bool = False


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place for a signature: in what capacity, how, and the name if it is known."""

    title: str
    note: str = ""
    name: str = ""


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form as written: ``grounds``, ``articles``, names and number may hold placeholders.

    Without a number of its own the paper has a dotted line for it.
    """

    kind: str
    title: str
    subject: str
    authority: str
    grounds: tuple[str, ...]
    resolution: str
    articles: tuple[str, ...]
    recipients: tuple[str, ...]
    signatures: tuple[Signature, ...]
    number: str = ""
    issuer: Issuer = Issuer.HEALTH_BODY


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A form filled in: every line as it is printed. ``numbered``: the articles begin with "Điều" and their number."""

    letterhead: Letterhead
    number: str
    title: str
    subject: str
    authority: str
    grounds: tuple[str, ...]
    resolution: str
    articles: tuple[str, ...]
    is_numbered: bool
    recipients: tuple[str, ...]
    signatures: tuple[Signature, ...]

    def lines(self) -> Iterator[str]:
        """Every line in reading order, as both the PDF and the DOCX print them."""
        yield from (self.title, self.subject)
        if self.authority:
            yield self.authority
        yield from self.grounds
        if self.resolution:
            yield self.resolution
        yield from self.articles


@cache
def form_topics() -> tuple[str, ...]:
    """Return the topics that have a form, in alphabetical order."""
    folder = resources.files("checkpoint.papers").joinpath("forms")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


@cache
def load_form(topic: str) -> Form:
    """Read one form; raises ``PaperError`` when there is none of that topic."""
    if topic not in form_topics():
        msg = f"there is no form {topic!r}; known are {', '.join(form_topics())}"
        raise PaperError(msg)
    text = resources.files("checkpoint.papers").joinpath("forms", f"{topic}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Form)


def fill(form: Form, *, values: Mapping[str, str], letterhead: Letterhead) -> Paper:
    """Fill a form in; an empty value becomes a dotted line. A placeholder nobody provides is a ``PaperError``."""
    filled = _Filling(values)
    articles = tuple(filled(line) for line in form.articles)
    is_numbered = form.kind == "decision"
    return Paper(
        letterhead=letterhead,
        number=filled(form.number) or BLANK,
        title=form.title,
        subject=form.subject,
        authority=form.authority,
        grounds=tuple(filled(line) for line in form.grounds),
        resolution=form.resolution,
        articles=tuple(f"Điều {place}. {line}" for place, line in enumerate(articles, 1)) if is_numbered else articles,
        is_numbered=is_numbered,
        recipients=form.recipients,
        signatures=tuple(_signature(one, filled) for one in form.signatures),
    )


def _signature(signature: Signature, filled: "_Filling") -> Signature:
    name = filled(signature.name) if signature.name else ""
    return msgspec.structs.replace(signature, name="" if name == BLANK else name)


class _Filling:
    """Puts values in the place of placeholders; a value is never read as a form again."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name: value or BLANK for name, value in values.items()}

    def __call__(self, line: str) -> str:
        try:
            return Template(line).substitute(self._values)
        except KeyError as error:
            msg = f"the form asks for {error.args[0]!r}, which no case has; correct the form"
            raise PaperError(msg) from None
