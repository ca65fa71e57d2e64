"""The person in the lane as screens see them: the numbers of the documents are masked."""

from datetime import date, datetime

import msgspec

from checkpoint.actions.as_read import DocumentAsReadView, as_read_view
from checkpoint.actions.sheet import LaneSheet
from checkpoint.presentation import Presentation
from checkpoint.register.person_standing import PersonStanding

SHOWN_DIGITS = 4


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands in the lane, with the document's number masked."""

    full_name: str
    document_number_masked: str
    personal_number_masked: str | None
    document_kind: str
    nationality: str | None
    age_years: int | None
    date_of_birth: date | None
    sex: str
    document_expires_on: date | None
    category: str
    purpose: str
    direction: str
    mode_of_entry: str
    visited_areas: tuple[str, ...]
    symptoms: tuple[str, ...]
    has_declaration: bool
    exposures: tuple[str, ...]
    is_symptom_checked: bool
    employer: str
    project: str
    address: str
    vehicle_plate: str
    presented_at: datetime
    crossings_today: int
    warnings: tuple[str, ...]
    standing: PersonStanding | None
    is_document_proven: bool
    as_read: DocumentAsReadView | None


def person_view(presentation: Presentation, *, sheet: LaneSheet) -> PersonView:
    """Draw the person in a lane; numbers are masked until somebody asks."""
    identity = presentation.identity
    return PersonView(
        full_name=identity.full_name,
        document_number_masked=masked(identity.document_number),
        personal_number_masked=masked(identity.personal_number) if identity.personal_number else None,
        document_kind=presentation.document_kind.value,
        nationality=presentation.nationality,
        age_years=presentation.age_years,
        date_of_birth=identity.date_of_birth,
        sex=identity.sex.value,
        document_expires_on=presentation.document_expires_on,
        category=presentation.category.value,
        purpose=presentation.purpose.value,
        direction=presentation.direction.value,
        mode_of_entry=presentation.mode_of_entry.value,
        visited_areas=presentation.visited_areas,
        symptoms=tuple(symptom.value for symptom in presentation.symptoms),
        has_declaration=presentation.has_declaration,
        exposures=presentation.exposures,
        is_symptom_checked=presentation.is_symptom_checked,
        employer=identity.employer,
        project=identity.project,
        address=identity.address,
        vehicle_plate=identity.vehicle_plate,
        presented_at=presentation.presented_at,
        crossings_today=sheet.crossings_today,
        warnings=sheet.warnings,
        standing=sheet.standing,
        is_document_proven=presentation.are_check_digits_valid is True,
        as_read=as_read_view(sheet.as_read),
    )


def masked(number: str) -> str:
    """Hide all but the last digits of a document's number.

    >>> masked("C1234567")
    '••••4567'
    >>> masked("12")
    '••••'
    """
    return "••••" + (number[-SHOWN_DIGITS:] if len(number) > SHOWN_DIGITS else "")
