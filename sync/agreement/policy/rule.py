"""What every rule has: an id, an interval of time, a clause, and to which crossings it applies.

A rule is in force in ``[effective_from, effective_to)``, aware instants. A rule may ``replace`` others
(by id) for as long as it is in force itself: that is how a later order lifts, eases or tightens an
earlier one without anybody editing a published document.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from sync.agreement.facts import Citation, Facts
from sync.agreement.identifiers import slug
from sync.agreement.local_time import require_aware
from sync.agreement.vocabulary import Direction, ModeOfEntry, PointOfEntryKind, TravellerCategory


class Consequence(StrEnum):
    """What a rule does to a crossing that it finds fault with, from mild to grave."""

    NOTE = "note"
    WAIT = "wait"
    REFUSE = "refuse"
    RECHECK = "recheck"
    REFER = "refer"


class MandatoryStep(StrEnum):
    """What must have happened to a traveller before passage (R014)."""

    TEMPERATURE = "temperature"
    SYMPTOM_CHECK = "symptom_check"
    DECLARATION = "declaration"
    EMPLOYER = "employer"


class DocumentFault(StrEnum):
    """What can be wrong with a travel document at the lane."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CHECK_DIGIT = "check_digit"


class ClockStart(StrEnum):
    """The event that starts a legal clock (law-and-procedure 2.1, column "starts")."""

    RAISED_READING = "raised_reading"
    REFERRAL = "referral"
    PROPOSAL = "proposal"
    DECISION = "decision"
    REFUSAL = "refusal"
    DEPARTURE = "departure"


class LegalRole(StrEnum):
    """Who must act or may order, in the words of the laws."""

    TRAVELLER = "traveller"
    LANE_OFFICER = "lane_officer"
    HEALTH_QUARANTINE_OFFICER = "health_quarantine_officer"
    HEAD_OF_QUARANTINE_ORGANISATION = "head_of_quarantine_organisation"
    HEAD_OF_GATE_BODY = "head_of_gate_body"
    HEAD_OF_FACILITY = "head_of_facility"
    HEAD_OF_UNIT = "head_of_unit"
    HEAD_OF_STEERING_COMMITTEE = "head_of_steering_committee"
    CHAIRMAN_OF_COMMUNE = "chairman_of_commune"
    CHAIRMAN_OF_PROVINCE = "chairman_of_province"
    COMMUNE_HEALTH_STATION = "commune_health_station"
    ANYBODY = "anybody"


class OnExpiry(StrEnum):
    """What happens when a legal clock runs out."""

    LAPSES = "lapses"
    ESCALATE = "escalate"
    NEXT_STEP = "next_step"


class Scope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To which crossings a rule applies. An empty list means all; the lists are joined by "and"."""

    point_of_entry_ids: tuple[str, ...] = ()
    point_of_entry_kinds: tuple[PointOfEntryKind, ...] = ()
    localities: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()
    modes_of_entry: tuple[ModeOfEntry, ...] = ()
    categories: tuple[TravellerCategory, ...] = ()

    def covers(self, facts: Facts) -> bool:
        """Whether the crossing described by ``facts`` is one of those meant."""
        return (
            (not self.categories or facts.category in self.categories)
            and (not self.directions or facts.direction in self.directions)
            and (not self.modes_of_entry or facts.mode_of_entry in self.modes_of_entry)
            and self.covers_place(
                point_of_entry_id=facts.point_of_entry_id, kind=facts.point_of_entry_kind, locality=facts.locality
            )
        )

    def covers_people(self, *, category: TravellerCategory, direction: Direction) -> bool:
        """Whether such people lie in the scope, wherever they cross."""
        return (not self.categories or category in self.categories) and (
            not self.directions or direction in self.directions
        )

    def covers_place(self, *, point_of_entry_id: str, kind: PointOfEntryKind, locality: str) -> bool:
        """Whether a point of entry lies in the scope, whoever crosses there."""
        return (
            (not self.point_of_entry_ids or point_of_entry_id in self.point_of_entry_ids)
            and (not self.point_of_entry_kinds or kind in self.point_of_entry_kinds)
            and (not self.localities or locality in self.localities)
        )


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every rule has. ``basis`` says where a number comes from that no law gives."""

    rule_id: str
    effective_from: datetime
    citation: Citation
    effective_to: datetime | None = None
    replaces: tuple[str, ...] = ()
    basis: str = ""

    def __post_init__(self) -> None:
        """Refuse a bad id and an interval that is empty, reversed or without a zone; keep UTC."""
        slug(self.rule_id)
        begins = require_aware(self.effective_from)
        msgspec.structs.force_setattr(self, "effective_from", begins)
        if self.effective_to is None:
            return
        ends = require_aware(self.effective_to)
        if ends <= begins:
            msg = "effective_to must be later than effective_from"
            raise ValueError(msg)
        msgspec.structs.force_setattr(self, "effective_to", ends)

    def is_in_force(self, at: datetime) -> bool:
        """Whether ``at`` lies in ``[effective_from, effective_to)``."""
        return self.effective_from <= at and (self.effective_to is None or at < self.effective_to)
