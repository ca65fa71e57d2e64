"""The words of a health declaration that are stored and sent; labels stand in the section ``declaration``."""

from enum import StrEnum

import msgspec

from sync.agreement.decision_words import Exposure

__all__ = [
    "DeclarationChannel",
    "DeclarationDoubt",
    "DeclarationFault",
    "DeclarationFlag",
    "DeclarationResolution",
    "Exposure",
    "TravelWay",
]


class DeclarationChannel(StrEnum):
    """Who typed it: the traveller on a phone or at the gate's kiosk, or an officer for someone without a phone."""

    PHONE = "phone"
    KIOSK = "kiosk"
    OFFICER = "officer"


class TravelWay(StrEnum):
    """By what the person comes."""

    ON_FOOT = "on_foot"
    CAR = "car"
    BUS = "bus"
    LORRY = "lorry"
    TRAIN = "train"
    AIRCRAFT = "aircraft"
    SHIP = "ship"


class DeclarationFault(StrEnum):
    """Why a declaration is not taken for the person in the lane; the officer asks for a new one."""

    EXPIRED = "declaration_expired"
    USED = "declaration_used"
    OF_ANOTHER_PERSON = "declaration_of_another"
    FROM_THE_FUTURE = "declaration_from_future"
    WITHOUT_TERMS = "declaration_without_terms"


class DeclarationFlag(StrEnum):
    """What does not agree with what is known here: a question for the officer, never an accusation."""

    NAME_DIFFERS = "name_differs"
    NUMBER_DIFFERS = "number_differs"
    BIRTH_YEAR_DIFFERS = "birth_year_differs"
    SEX_DIFFERS = "sex_differs"
    NATIONALITY_DIFFERS = "nationality_differs"
    NO_FEVER_BUT_RAISED = "no_fever_but_raised"
    NO_AREA_BUT_ENTERING = "no_area_but_entering"
    NO_AREA_BUT_CROSSED = "no_area_but_crossed"
    CROSSING_DAY_DIFFERS = "crossing_day_differs"
    DIRECTION_DIFFERS = "direction_differs"
    NOT_SIGNED = "not_signed"


class DeclarationResolution(StrEnum):
    """What came of asking the traveller."""

    EXPLAINED = "explained"
    CORRECTED = "corrected"
    UNRESOLVED = "unresolved"


class DeclarationDoubt(msgspec.Struct, frozen=True, kw_only=True):
    """One flag with what was declared and what is known, as short texts for the officer's eyes only."""

    flag: DeclarationFlag
    declared: str = ""
    known: str = ""
