"""The health declaration as a page for everybody's phone: plain forms first, a small module on top, no session.

Both services serve it. What the fields mean is the service's (``DeclarationDesk``); here is only how they look and
travel. Nothing of a form is ever in an address: it is posted and answered in place, and posting it again is the
same act, because the form carries the identifier that its own page made.
"""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import jinja2
import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from web.address_rates import AddressRates
from web.assets import Assets
from web.forms import FORM_TYPE, FormRefusedError, parse_form, read_body
from web.language import LANGUAGES, Labels, label
from web.qr import QrPicture, draw_qr

PATH = "/declare"
LARGEST_FORM_BYTES = 16 * 1024
BURST, PER_S = 60, 2.0
_TEMPLATES = Path(__file__).parent / "templates"
_OF_THE_PAGE = frozenset({"language", "kiosk", "csrf_token"})


class Clause(Protocol):
    """Where a rule comes from."""

    @property
    def document(self) -> str:
        """The document's name."""

    @property
    def clause(self) -> str:
        """The clause in it."""


class TermsRule(Protocol):
    """The law's rule on declarations, as both services have it."""

    @property
    def valid_for_days(self) -> int:
        """For how long a declaration holds."""

    @property
    def citation(self) -> Clause:
        """Where it says so."""


class FormTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The local day, and the law's days; ``valid_for_days`` is ``None`` where no declaration is asked for."""

    today: date
    valid_for_days: int | None
    clause: str = ""

    @classmethod
    def of(cls, rule: TermsRule | None, *, today: date) -> "FormTerms":
        """Say what a rule asks for; no rule asks for nothing."""
        if rule is None:
            return cls(today=today, valid_for_days=None)
        clause = f"{rule.citation.document}, {rule.citation.clause}"
        return cls(today=today, valid_for_days=rule.valid_for_days, clause=clause)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration that is durably kept: the text of its code, and until when it holds (written for people)."""

    declaration_id: str
    code: str
    valid_until: str
    expires_at: datetime


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, by field; ``is_id_taken``: the same identifier was used for another content before."""

    errors: Mapping[str, str] = {}
    is_id_taken: bool = False


class DeclarationDesk(Protocol):
    """Who takes declarations: the service behind the page."""

    choices: Mapping[str, tuple[str, ...]]
    most_areas: int

    def terms(self) -> FormTerms:
        """Say what holds today."""

    async def take(self, answers: Mapping[str, str], *, channel: str, language: str) -> Taken | Rejected:
        """Check the answers and keep them durably; returns after the commit."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How one page is shown; ``guard`` is an asset, the module that watches over an officer's page."""

    language: str
    is_kiosk: bool = False
    action: str = PATH
    csrf_token: str = ""
    is_officer: bool = False
    guard: str = ""


class DeclarationPages:
    """Renders the pages of the declaration in one of the three languages, whatever the cookies say."""

    def __init__(self, *, labels: Labels, assets: Assets, desk: DeclarationDesk) -> None:
        """``labels``: language -> section -> key -> text."""
        self._labels, self._assets, self._desk = labels, assets, desk
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def start(self, *, is_kiosk: bool) -> HTMLResponse:
        """Ask for the language, before anything else."""
        return self._page("declare_start.html", shown=Shown(language=LANGUAGES[0], is_kiosk=is_kiosk))

    def form(
        self,
        shown: Shown,
        *,
        answers: Mapping[str, str] | None = None,
        rejected: Rejected | None = None,
        notice: str = "",
        http_code: int = 200,
    ) -> HTMLResponse:
        """Show the form, empty or as it was sent, with an error at each field that has one."""
        given, found = dict(answers or {}), rejected or Rejected()
        if found.is_id_taken or "declaration_id" in found.errors or not given.get("declaration_id"):
            given["declaration_id"] = str(uuid4())
        return self._page(
            "declare_form.html",
            shown=shown,
            http_code=http_code,
            desk=self._desk,
            terms=self._desk.terms(),
            answers=given,
            errors={name: fault for name, fault in found.errors.items() if name != "declaration_id"},
            notice=notice,
        )

    def done(self, shown: Shown, *, taken: Taken, picture: QrPicture) -> HTMLResponse:
        """Show the code."""
        return self._page(
            "declare_done.html", shown=shown, taken=taken, picture=picture, clause=self._desk.terms().clause
        )

    def words(self, key: str, *, language: str, **values: object) -> str:
        """Return one label of the section ``declaration``."""
        return label(self._labels, f"declaration.{key}", language=language, values=values)

    def _page(self, template: str, *, shown: Shown, http_code: int = 200, **context: object) -> HTMLResponse:
        def words(key: str, **values: object) -> str:
            return label(self._labels, key, language=shown.language, values=values)

        page = self._jinja.get_template(template).render(
            t=words,
            url=self._assets.url,
            shown=shown,
            languages=LANGUAGES,
            as_day=lambda text: day_shown(text, language=shown.language),
            words_in=lambda key, language: label(self._labels, key, language=language),
            **context,
        )
        return HTMLResponse(page, status_code=http_code)


def day_shown(text: str, *, language: str) -> str:
    """Write a day in ISO 8601 as its field shows it; what is no such day stays as somebody wrote it.

    >>> [day_shown(text, language="vi") for text in ("2026-11-22", "22/13")]
    ['22/11/2026', '22/13']
    >>> day_shown("2026-11-22", language="zh")
    '2026-11-22'
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return text if language == "zh" else f"{day:%d/%m/%Y}"


async def read_declaration_form(request: Request) -> dict[str, str]:
    """Read the posted form; raises ``FormRefusedError``."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        msg = f"the body must be {FORM_TYPE}"
        raise FormRefusedError(msg)
    return parse_form(await read_body(request, largest_bytes=LARGEST_FORM_BYTES))


def answers_in(form: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that are the traveller's, without those of the page itself."""
    return {name: text for name, text in form.items() if name not in _OF_THE_PAGE}


def declaration_router(pages: DeclarationPages, *, desk: DeclarationDesk, clock: Callable[[], datetime]) -> APIRouter:
    """Return the public routes. They need no session, and must be open at the door (``web.access.OpenPaths``)."""
    rates = AddressRates(burst=BURST, per_s=PER_S)
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def show_form(language: str = "", kiosk: str = "") -> Response:
        if language not in LANGUAGES:
            return pages.start(is_kiosk=kiosk == "1")
        return pages.form(Shown(language=language, is_kiosk=kiosk == "1"))

    @routes.post(PATH)
    async def take_form(request: Request) -> Response:
        wait_s = rates.wait_s(request.client.host if request.client else "", at=clock())
        try:
            given = await read_declaration_form(request)
        except FormRefusedError:
            return pages.form(Shown(language=LANGUAGES[0]), notice="refused_form", http_code=400)
        shown = _shown(given)
        if wait_s:
            return _too_many(pages, shown=shown, given=given, wait_s=wait_s)
        return await answer_form(pages, desk=desk, shown=shown, given=given)

    return routes


async def answer_form(
    pages: DeclarationPages, *, desk: DeclarationDesk, shown: Shown, given: Mapping[str, str]
) -> HTMLResponse:
    """Hand a posted form to the desk and answer with the code, or with the form and its errors (422, 409)."""
    answers = answers_in(given)
    if desk.terms().valid_for_days is None:
        return pages.form(shown, answers=answers, notice="suspended", http_code=409)
    channel = "kiosk" if shown.is_kiosk else "phone"
    outcome = await desk.take(answers, channel=channel, language=shown.language)
    if isinstance(outcome, Rejected):
        http_code, notice = (409, "id_taken") if outcome.is_id_taken else (422, "")
        return pages.form(shown, answers=answers, rejected=outcome, notice=notice, http_code=http_code)
    picture = await run_in_threadpool(draw_qr, outcome.code)
    return pages.done(shown, taken=outcome, picture=picture)


def _shown(given: Mapping[str, str]) -> Shown:
    language = given.get("language", "")
    return Shown(language=language if language in LANGUAGES else LANGUAGES[0], is_kiosk=given.get("kiosk") == "1")


def _too_many(pages: DeclarationPages, *, shown: Shown, given: Mapping[str, str], wait_s: float) -> HTMLResponse:
    whole_s = math.ceil(wait_s)
    answered = pages.form(shown, answers=answers_in(given), notice=f"too_many:{whole_s}", http_code=429)
    answered.headers["Retry-After"] = str(whole_s)
    return answered
