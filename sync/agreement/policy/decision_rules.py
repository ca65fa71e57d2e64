"""Rules about what a traveller was exposed to, and about who may override a verdict.

An override is as narrow as its rule: it names the reasons that it may set aside, why, and who may do so.
``OVERRIDABLE`` is the whole list of reasons that any rule may ever name. What a thermometer said, or that
none said anything, is not on it: no document can put it there.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from sync.agreement.decision_words import Exposure, OverrideReason
from sync.agreement.identifiers import slug
from sync.agreement.local_time import local_date, require_aware
from sync.agreement.policy.rule import Consequence, Rule, Scope
from sync.agreement.vocabulary import ReasonCode, Role

PlaceName = Annotated[str, msgspec.Meta(min_length=2, max_length=200)]

OVERRIDABLE: Final = frozenset({
    ReasonCode.TRAFFIC_STOPPED,
    ReasonCode.TRAFFIC_RESTRICTED,
    ReasonCode.OUTSIDE_HOURS,
    ReasonCode.PURPOSE_NOT_ALLOWED,
    ReasonCode.QUOTA_REACHED,
    ReasonCode.QUOTA_OF_HOUR_REACHED,
    ReasonCode.DECLARATION_MISSING,
    ReasonCode.DOCUMENT_EXPIRED,
    ReasonCode.DOCUMENT_CHECK_DIGIT,
})  # fmt: skip


class PlaceNames(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the place is called when it is asked about, in the three languages of the product."""

    vi: PlaceName
    en: PlaceName
    zh: PlaceName


class ExposurePlace(Rule, frozen=True, kw_only=True, tag="exposure_place"):
    """A place with a case, and when: "were you there between ``was_from`` and ``was_to``?" (R075).

    Asked until ``within_days`` after ``was_to``. ``area`` is the code of the country or area in which the place
    lies, as declarations name it: whoever declared other areas only need not be asked.
    """

    place: str
    names: PlaceNames
    was_from: datetime
    was_to: datetime
    area: str = ""
    within_days: int = 14
    consequence: Consequence = Consequence.REFER
    applies_to: Scope = Scope()

    def __post_init__(self) -> None:
        """Refuse a bad slug, and a time that is empty, reversed or without a zone; keep UTC."""
        super().__post_init__()
        slug(self.place)
        msgspec.structs.force_setattr(self, "was_from", require_aware(self.was_from))
        msgspec.structs.force_setattr(self, "was_to", require_aware(self.was_to))
        if self.was_to <= self.was_from:
            msg = "was_to must be later than was_from"
            raise ValueError(msg)
        if not 1 <= self.within_days <= 365:
            msg = "within_days must lie between 1 and 365"
            raise ValueError(msg)

    def is_asked_at(self, at: datetime) -> bool:
        """Whether who was there may still fall ill of it: by local days, from the first day of the place on."""
        return self.was_from <= at and local_date(at) - local_date(self.was_to) <= timedelta(days=self.within_days)


class ContactRule(Rule, frozen=True, kw_only=True, tag="contact_rule"):
    """What a declared contact within 14 days (form 01) leads to."""

    exposures: tuple[Exposure, ...]
    consequence: Consequence
    applies_to: Scope = Scope()


class OverrideRule(Rule, frozen=True, kw_only=True, tag="override_rule"):
    """Which reasons somebody in one of ``roles`` may set aside, and for which coded reasons of their own."""

    reason_codes: tuple[ReasonCode, ...]
    codes: tuple[OverrideReason, ...]
    roles: tuple[Role, ...]

    def __post_init__(self) -> None:
        """Refuse to open a door that stays shut, and a rule that nobody could use."""
        super().__post_init__()
        barred = [code.value for code in self.reason_codes if code not in OVERRIDABLE]
        if barred:
            msg = f"nobody may override {barred[0]!r}"
            raise ValueError(msg)
        if not (self.reason_codes and self.codes and self.roles):
            msg = "reason_codes, codes and roles must each name at least one"
            raise ValueError(msg)

    def allows(self, reason: ReasonCode, *, code: OverrideReason, role: Role) -> bool:
        """Whether a person in ``role`` may set ``reason`` aside because of ``code``."""
        return reason in self.reason_codes and code in self.codes and role in self.roles
