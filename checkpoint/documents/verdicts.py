"""One verdict for each field of a zone: what its check digit says, whether it is odd, or that nothing proves it."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from checkpoint.documents.check_digits import Verdict
from checkpoint.documents.mrz import MachineReadableZone

ZONE_FIELDS: Final = (
    "document_code", "issuing_state", "document_number", "nationality", "date_of_birth", "sex", "date_of_expiry",
    "name", "personal_number", "optional_fields", "composite",
)  # fmt: skip


class FieldState(StrEnum):
    """What is known of one field.

    ``verified``: its own check digit holds. ``covered``: it has none of its own, but the composite holds and counts
    it. ``invalid``: its digit does not hold. ``deviant``: the digit follows its issuer's known other rule.
    ``odd``: against the standard or unknown. ``absent``: not used. ``unproven``: no digit looks at it, so the
    officer compares it with the printed page.
    """

    VERIFIED = "verified"
    COVERED = "covered"
    INVALID = "invalid"
    DEVIANT = "deviant"
    ODD = "odd"
    ABSENT = "absent"
    UNPROVEN = "unproven"


class FieldVerdict(Struct, frozen=True, kw_only=True):
    """The verdict of one field, by the name of ``DocumentFields``."""

    field: str
    state: FieldState


_BY_DIGIT: Final = {
    Verdict.VALID: FieldState.VERIFIED,
    Verdict.INVALID: FieldState.INVALID,
    Verdict.DEVIANT: FieldState.DEVIANT,
    Verdict.ABSENT: FieldState.ABSENT,
}


def verdicts_of(zone: MachineReadableZone) -> tuple[FieldVerdict, ...]:
    """Return a verdict for each field that the format has, in a fixed order."""
    odd = {warning.field for warning in zone.warnings}
    by_digit = {digit.field: _BY_DIGIT[digit.verdict] for digit in zone.check_digits}
    composite = by_digit.get("composite")
    found = []
    for field in ZONE_FIELDS:
        if field in {"composite", "personal_number"} and field not in by_digit:
            continue
        state = by_digit.get(field, FieldState.UNPROVEN)
        if field == "optional_fields":
            state = _of_optional(zone, composite=composite)
        if state in {FieldState.UNPROVEN, FieldState.VERIFIED} and field in odd:
            state = FieldState.ODD
        found.append(FieldVerdict(field=field, state=state))
    return tuple(found)


def _of_optional(zone: MachineReadableZone, *, composite: FieldState | None) -> FieldState:
    if not any(zone.optional_fields):
        return FieldState.ABSENT
    return FieldState.COVERED if composite is FieldState.VERIFIED else FieldState.UNPROVEN
