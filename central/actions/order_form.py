"""An order as a person fills it in, and the policy document that it becomes. Pure.

The form knows what a directive most often says, one rule at a time: a traffic order for chosen gates, categories
and directions; a level of response; a place with a case, about which the lanes ask; a risk area. Anything richer is
written as a document and issued by the command line.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated

import msgspec

from sync.agreement.identifiers import SLUG_PATTERN
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.vocabulary import Direction, OrderState, PurposeOfCrossing, ResponseScenario, TravellerCategory

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
HourAndMinute = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
"""What a browser's time field sends; midnight is 00:00."""
LocalMoment = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
"""What a browser's field for date and time sends, in local time."""
Name = Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
AreaCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{2,20}\Z")]
Quota = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Slug = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN, max_length=64)]
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_ID_LENGTH = 56


Places = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class FormShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The places of the order's quotas that one edge of the gate gives; 0 closes it there."""

    edge_id: Slug
    per_day: Places | None = None
    per_hour: Places | None = None


class OrderSubject(StrEnum):
    """What the one rule of the order is about."""

    TRAFFIC = "traffic"
    SCENARIO = "scenario"
    PLACE = "place"
    RISK_AREA = "risk_area"


class OrderForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the command page sends. Days are local; ``effective_to`` is the first day without the order.

    Empty lists mean all. Quotas, hours and purposes belong to the state ``restricted``; ``shares`` divide the quotas
    of one gate among its edges. ``effective_hour`` is the
    local time of ``effective_from`` from which the order holds, midnight if it is left out. ``name_*``, ``was_*`` and
    ``area_codes`` (the first is where the place lies) are those of a place or a risk area.
    """

    document_number: Words
    title: Words
    issuing_body: Words
    clause: Words
    quote: Words
    effective_from: date
    subject: OrderSubject = OrderSubject.TRAFFIC
    state: OrderState | None = None
    effective_hour: HourAndMinute | None = None
    effective_to: date | None = None
    point_of_entry_ids: tuple[Slug, ...] = ()
    categories: tuple[TravellerCategory, ...] = ()
    directions: tuple[Direction, ...] = ()
    purposes: tuple[PurposeOfCrossing, ...] = ()
    opens_at: HourAndMinute | None = None
    closes_at: HourAndMinute | None = None
    quota_per_day: Quota | None = None
    quota_per_hour: Quota | None = None
    shares: Annotated[tuple[FormShare, ...], msgspec.Meta(max_length=50)] = ()
    redirect_to: Slug | None = None
    scenario: ResponseScenario | None = None
    name_vi: Name | None = None
    name_en: Name | None = None
    name_zh: Name | None = None
    was_from: LocalMoment | None = None
    was_to: LocalMoment | None = None
    area_codes: Annotated[tuple[AreaCode, ...], msgspec.Meta(max_length=20)] = ()

    @property
    def policy_id(self) -> str:
        """The identifier that the number of the paper gives: the same paper again is a new version.

        >>> paper = {"document_number": "07/CĐ-UBND", "title": "t", "issuing_body": "b", "clause": "c", "quote": "q"}
        >>> OrderForm(**paper, state=OrderState.STOPPED, effective_from=date(2026, 11, 22)).policy_id
        'orders-07-cd-ubnd'
        """
        return f"orders-{_slug_of(self.document_number)}"


def document_text(form: OrderForm, *, version: int) -> str:
    """Write the policy document (TOML) that the form stands for."""
    rule: dict[str, object] = {
        "kind": _KINDS[form.subject],
        "rule_id": f"{form.policy_id}-1",
        "effective_from": _instant(form.effective_from, _time(form.effective_hour) or time()),
        "effective_to": _instant(form.effective_to, time()) if form.effective_to else None,
        **_FIELDS_OF[form.subject](form),
    }
    head = {
        "id": form.policy_id,
        "version": version,
        "kind": "orders",
        "cite_as": form.document_number,
        "issued_by": form.issuing_body,
        "document_number": form.document_number,
    }
    scope = {
        "point_of_entry_ids": form.point_of_entry_ids,
        "categories": form.categories,
        "directions": form.directions,
    }
    sections = (
        _lines(head),
        "\n[title]\n" + _lines(dict.fromkeys(("vi", "en", "zh"), form.title)),
        "\n[[rule]]\n" + _lines(rule),
        "\n[rule.applies_to]\n" + _lines(scope),
        "\n[rule.citation]\n" + _lines({"clause": form.clause, "quote": form.quote}),
        _names(form) if form.subject is OrderSubject.PLACE else "",
    )
    return "".join(sections)


def _of_traffic(form: OrderForm) -> dict[str, object]:
    return {
        "state": form.state,
        "redirect_to": form.redirect_to,
        "purposes": form.purposes,
        "opens_at": _time(form.opens_at),
        "closes_at": _time(form.closes_at),
        "quota_per_day": form.quota_per_day,
        "quota_per_hour": form.quota_per_hour,
        "shares": form.shares,
    }


def _of_scenario(form: OrderForm) -> dict[str, object]:
    return {"scenario": form.scenario}


def _of_place(form: OrderForm) -> dict[str, object]:
    return {
        "place": _slug_of(form.name_vi or ""),
        "was_from": _moment(form.was_from),
        "was_to": _moment(form.was_to),
        "area": next(iter(form.area_codes), None),
    }


def _of_risk_area(form: OrderForm) -> dict[str, object]:
    names = tuple(dict.fromkeys(name for name in (form.name_vi, form.name_en, form.name_zh) if name))
    return {"codes": form.area_codes, "names": names}


_KINDS = {
    OrderSubject.TRAFFIC: "traffic_order",
    OrderSubject.SCENARIO: "scenario_declared",
    OrderSubject.PLACE: "exposure_place",
    OrderSubject.RISK_AREA: "risk_area",
}
_FIELDS_OF: Mapping[OrderSubject, Callable[[OrderForm], dict[str, object]]] = {
    OrderSubject.TRAFFIC: _of_traffic,
    OrderSubject.SCENARIO: _of_scenario,
    OrderSubject.PLACE: _of_place,
    OrderSubject.RISK_AREA: _of_risk_area,
}


def _names(form: OrderForm) -> str:
    """Write what the place is called; a name that is missing is the Vietnamese one."""
    vi = form.name_vi or ""
    return "\n[rule.names]\n" + _lines({"vi": vi, "en": form.name_en or vi, "zh": form.name_zh or vi})


def _slug_of(words: str) -> str:
    plain = unicodedata.normalize("NFD", words.lower().replace("đ", "d"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _NO_LETTER.sub("-", letters)[:_ID_LENGTH].strip("-")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=VIETNAM_TIME)


def _time(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=VIETNAM_TIME)


def _lines(fields: Mapping[str, object]) -> str:
    """Write keys and values; what is not given is left out."""
    return "".join(f"{name} = {_value(value)}\n" for name, value in fields.items() if value not in (None, ()))


def _table(share: FormShare) -> str:
    """Write a share as an inline table."""
    fields = msgspec.structs.asdict(share).items()
    return "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in fields if value is not None) + " }"


def _value(value: object) -> str:
    """Write one value: TOML's strings, lists of strings and numbers are spelt as JSON's, times as ISO 8601."""
    if isinstance(value, datetime | time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, tuple) and any(isinstance(one, FormShare) for one in value):
        return f"[{', '.join(_table(one) for one in value)}]"
    return msgspec.json.encode(value).decode()
