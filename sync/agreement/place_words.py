"""Words of the places beside the land gate: what a place asks for, who found somebody, why a head count differs.

As in ``vocabulary``: a value is never renamed, only added.
"""

from enum import StrEnum


class PlaceStep(StrEnum):
    """What a place asks of everybody who comes there, beside the steps of the lane itself."""

    VEHICLE = "vehicle"
    ROUTE = "route"
    HEAD_COUNT = "head_count"
    CLEARANCE_SLIP = "clearance_slip"
    MANIFEST = "manifest"
    SEAT = "seat"
    INTERCEPTION = "interception"


class PartyKind(StrEnum):
    """Who stands before a lane together: the people of one vehicle at a post, or those found at one spot."""

    POST_CHECK = "post_check"
    INTERCEPTION = "interception"


class FinderUnit(StrEnum):
    """Which force found people who crossed outside a gate (directive 000 II.3, directive 001 section 1)."""

    BORDER_GUARD = "border_guard"
    POLICE = "police"
    MILITARY = "military"
    COAST_GUARD = "coast_guard"
    CUSTOMS = "customs"
    MILITIA = "militia"
    HEALTH = "health"
    RESIDENT = "resident"


class FirstLook(StrEnum):
    """How people looked where they were found, before anybody measured (R007)."""

    NOT_LOOKED = "not_looked"
    NO_SIGNS = "no_signs"
    SIGNS_SEEN = "signs_seen"


class DifferenceReason(StrEnum):
    """Why somebody who was declared or found was not screened here."""

    COUNTED_WRONG = "counted_wrong"
    LEFT_BEFORE = "left_before"
    TURNED_BACK = "turned_back"
    HANDED_TO_POLICE = "handed_to_police"
    TAKEN_TO_HOSPITAL = "taken_to_hospital"
    SCREENED_ELSEWHERE = "screened_elsewhere"
