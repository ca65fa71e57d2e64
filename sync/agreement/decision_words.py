"""Words of the decision: what a traveller was exposed to, and why a verdict was overridden."""

from enum import StrEnum


class Exposure(StrEnum):
    """Form 01: contact within the last 14 days."""

    FARM_OR_ANIMAL_MARKET = "farm_or_animal_market"
    SLAUGHTER = "slaughter"
    CARE_OF_PATIENT = "care_of_patient"
    CONTACT_WITH_PATIENT = "contact_with_patient"


class OverrideReason(StrEnum):
    """Why somebody with the right to do so let a person pass against the verdict."""

    MEDICAL_EMERGENCY = "medical_emergency"
    WRITTEN_PERMISSION = "written_permission"
    OFFICIAL_MISSION = "official_mission"
    DOCUMENT_ACCEPTED = "document_accepted"
    DECLARED_ORALLY = "declared_orally"
