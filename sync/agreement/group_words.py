"""The words of groups and conveyances: what carries people over the border, and who came in it.

As in ``vocabulary``: a value is never renamed, only added; what a person reads stands in the labels
under the section named after the class.
"""

from enum import StrEnum


class ConveyanceKind(StrEnum):
    """What carries people or goods over the border (Decree 165/2026 articles 27 to 30: road, rail, water, air)."""

    TRUCK = "truck"
    CAR = "car"
    COACH = "coach"
    MOTORCYCLE = "motorcycle"
    VESSEL = "vessel"
    FLIGHT = "flight"
    TRAIN = "train"


class CargoKind(StrEnum):
    """What a conveyance carries besides people, as the directives ask for it (R040, R093)."""

    NONE = "none"
    FARM_PRODUCE = "farm_produce"
    SEAFOOD = "seafood"
    LIVE_ANIMALS = "live_animals"
    FROZEN_FOOD = "frozen_food"
    OTHER = "other"


class OccupantRole(StrEnum):
    """What somebody did in a conveyance."""

    DRIVER = "driver"
    CO_DRIVER = "co_driver"
    CREW = "crew"
    PASSENGER = "passenger"


class GroupKind(StrEnum):
    """For what people are counted together."""

    TOUR = "tour"
    PASSENGERS = "passengers"
    CREW = "crew"
    DELEGATION = "delegation"
    RETURNING_CITIZENS = "returning_citizens"


class MemberMatch(StrEnum):
    """How somebody at a lane was known as a member of a group; a name by itself never says so."""

    DOCUMENT_NUMBER = "document_number"
    OFFICER = "officer"
    UNEXPECTED = "unexpected"


class MissingReason(StrEnum):
    """Why a group is closed although a member was not seen at any lane."""

    DID_NOT_TRAVEL = "did_not_travel"
    CROSSES_LATER = "crosses_later"
    CROSSED_AT_OTHER_GATE = "crossed_at_other_gate"
    TURNED_BACK_BEFORE_LANE = "turned_back_before_lane"
    IN_MEDICAL_CARE = "in_medical_care"
    LISTED_IN_ERROR = "listed_in_error"
    LEFT_WITHOUT_SCREENING = "left_without_screening"
    UNKNOWN = "unknown"
