"""One entrance for whatever a reader or an officer hands over: a zone, a citizen card's code, a number.

Order: a text with the separators of a citizen card's code is one; a short single line without
fillers is a number; everything else is tried as a machine readable zone. The result says what was
read and how far to trust it; it decides nothing.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from checkpoint.documents.border_pass import read_pass_number
from checkpoint.documents.cccd import (
    CitizenCardQr,
    citizen_card_warnings,
    is_citizen_card,
    is_personal_number,
    looks_like_citizen_qr,
    number_warnings,
    read_citizen_qr,
    year_in_number,
)
from checkpoint.documents.check_digits import FILLER, CheckDigit, Verdict
from checkpoint.documents.chinese_permit import permit_number
from checkpoint.documents.deviations import Deviation, deviations_of
from checkpoint.documents.document_dates import PartialDate
from checkpoint.documents.faults import DocumentFault, DocumentFaultCode, DocumentWarning, DocumentWarningCode, fault
from checkpoint.documents.mrz import MachineReadableZone, read_mrz
from checkpoint.documents.mrz_layouts import LayoutName
from checkpoint.documents.mrz_repair import RepairProposal, Replacement, propose_repairs
from checkpoint.documents.mrz_text import split_mrz_text, unframed_lines
from checkpoint.documents.national_qr import NationalQr, read_national_qr
from checkpoint.documents.verdicts import FieldVerdict, verdicts_of
from sync.agreement.vocabulary import DocumentKind, PassRegime, Sex

_LONGEST_TYPED_NUMBER: Final = 28
_VIETNAM: Final = "VNM"
_CHINA: Final = "CHN"
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")


class ReadingSource(StrEnum):
    """What was read: a zone, the code of a citizen card, the national personal code, or an unproven number."""

    MRZ = "mrz"
    CITIZEN_CARD_QR = "citizen_card_qr"
    NATIONAL_QR = "national_qr"
    NUMBER = "number"


class DocumentFields(Struct, frozen=True, kw_only=True):
    """The fields by the names of Doc 9303; empty where the document does not have them.

    Dates are written as in ``PartialDate.iso``, None if unknown. ``full_name`` is in the order of
    the document with the marks it has. ``number_key`` is what the register of passes is asked for.
    """

    document_code: str = ""
    issuing_state: str = ""
    document_number: str = ""
    number_key: str = ""
    nationality: str = ""
    date_of_birth: str | None = None
    sex: Sex = Sex.UNSPECIFIED
    date_of_expiry: str | None = None
    date_of_issue: str | None = None
    primary_identifier: str = ""
    secondary_identifier: str = ""
    full_name: str = ""
    name_may_be_truncated: bool = False
    personal_number: str = ""
    former_number: str = ""
    address: str = ""
    optional_fields: tuple[str, ...] = ()
    unread_tail: tuple[str, ...] = ()
    pass_model: str = ""
    pass_regime: PassRegime | None = None


class ReadDocument(Struct, frozen=True, kw_only=True):
    """One document as read. ``proposals`` are zones an officer may confirm, the surest first; none was applied.

    ``suggestions`` are the replacements of the first of them. ``verdicts`` has one line for each field of a zone,
    ``deviations`` what the issuer is known to do differently, which is not forgery.

    ``born_on`` is given only for a complete date; ``expires_on`` is the last day the date can mean.
    """

    kind: DocumentKind
    source: ReadingSource
    layout: LayoutName | None = None
    fields: DocumentFields
    born_on: date | None = None
    expires_on: date | None = None
    check_digits: tuple[CheckDigit, ...] = ()
    warnings: tuple[DocumentWarning, ...] = ()
    suggestions: tuple[Replacement, ...] = ()
    verdicts: tuple[FieldVerdict, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    proposals: tuple[RepairProposal, ...] = ()

    @property
    def are_check_digits_valid(self) -> bool | None:
        """Tell whether no check digit is invalid; None if the document has none.

        A deviant digit follows its issuer's own rule: it is warned of, but it is not invalid.
        """
        if not self.check_digits:
            return None
        return all(digit.verdict is not Verdict.INVALID for digit in self.check_digits)


def read_document(text: str, *, today: date) -> ReadDocument | DocumentFault:
    """Read one document from the text of a reader or a keyboard; never raises.

    ``today`` is the local day at the gate.

    >>> found = read_document("gthvn02-tq 00123456", today=date(2026, 11, 22))
    >>> found.kind.value, found.fields.number_key, found.warnings[0].code.value
    ('border_pass', '00123456', 'number_not_verifiable')
    """
    if not text.isascii():
        # A text decoded carelessly may hold lone surrogates, which no JSON can carry.
        text = text.encode("utf-8", "replace").decode("utf-8")
    if looks_like_citizen_qr(text):
        card = read_citizen_qr(text, today=today)
        return card if isinstance(card, DocumentFault) else _from_citizen_qr(card)
    frames = unframed_lines(text)
    if not frames:
        return fault(DocumentFaultCode.EMPTY, detail="no character")
    national = read_national_qr(frames[0], today=today) if len(frames) == 1 else None
    if national is not None:
        return _from_national_qr(national)
    if len(frames) == 1 and len(frames[0]) <= _LONGEST_TYPED_NUMBER and FILLER not in frames[0]:
        return _from_number(frames[0])
    permit = permit_number(frames)
    if permit is not None:
        return _from_number(permit)
    zone = read_mrz(split_mrz_text(text), today=today)
    return zone if isinstance(zone, DocumentFault) else _from_zone(zone, today=today)


def _kind_of(zone: MachineReadableZone) -> DocumentKind:
    """Passport, visa, card or crew; a Chinese card is a permit, for no identity card of theirs has a zone."""
    code = zone.document_code
    if zone.issuing_state == _CHINA and zone.layout in {LayoutName.TD1, LayoutName.TD2}:
        return DocumentKind.BORDER_PERMIT
    if code == "AC":
        return DocumentKind.CREW_CERTIFICATE
    by_letter = {
        "P": DocumentKind.PASSPORT,
        "V": DocumentKind.VISA,
        "A": DocumentKind.IDENTITY_CARD,
        "C": DocumentKind.IDENTITY_CARD,
        "I": DocumentKind.IDENTITY_CARD,
    }
    return by_letter.get(code[:1], DocumentKind.OTHER)


def _with_century_of_number(zone: MachineReadableZone, *, today: date) -> MachineReadableZone:
    """Let the century digit of a citizen's number decide between two readings of two digits.

    Without it a card holder of 101 would be read as a child of one year.
    """
    birth = zone.date_of_birth
    if birth is None or birth.year is None or not is_personal_number(zone.personal_number):
        return zone
    year = year_in_number(zone.personal_number)
    if year == birth.year or year % 100 != birth.year % 100 or year > today.year:
        return zone
    return replace(zone, date_of_birth=PartialDate(year=year, month=birth.month, day=birth.day))


def _from_zone(zone: MachineReadableZone, *, today: date) -> ReadDocument:
    warnings: tuple[DocumentWarning, ...] = ()
    if is_citizen_card(zone):
        zone = _with_century_of_number(zone, today=today)
        warnings = citizen_card_warnings(zone)
    birth, expiry = zone.date_of_birth, zone.date_of_expiry
    expires_on = None if expiry is None else expiry.last_day()
    if expires_on is not None and expires_on < today:
        warnings += (DocumentWarning(code=DocumentWarningCode.DOCUMENT_EXPIRED, field="date_of_expiry"),)
    proposals = propose_repairs(zone, today=today)
    if proposals:
        warnings += (DocumentWarning(code=DocumentWarningCode.REPAIR_SUGGESTED, field="lines"),)
    return ReadDocument(
        kind=_kind_of(zone),
        source=ReadingSource.MRZ,
        layout=zone.layout,
        fields=_fields_of(zone),
        born_on=birth.last_day() if birth is not None and birth.is_complete else None,
        expires_on=expires_on,
        check_digits=zone.check_digits,
        warnings=zone.warnings + warnings,
        suggestions=proposals[0].replacements if proposals else (),
        verdicts=verdicts_of(zone),
        deviations=deviations_of(zone),
        proposals=proposals,
    )


def _fields_of(zone: MachineReadableZone) -> DocumentFields:
    birth, expiry = zone.date_of_birth, zone.date_of_expiry
    return DocumentFields(
        document_code=zone.document_code,
        issuing_state=zone.issuing_state,
        document_number=zone.document_number,
        number_key=zone.document_number,
        nationality=zone.nationality,
        date_of_birth=None if birth is None else birth.iso,
        sex=zone.sex,
        date_of_expiry=None if expiry is None else expiry.iso,
        primary_identifier=zone.primary_identifier,
        secondary_identifier=zone.secondary_identifier,
        full_name=f"{zone.primary_identifier} {zone.secondary_identifier}".strip(),
        name_may_be_truncated=zone.name_may_be_truncated,
        personal_number=zone.personal_number,
        optional_fields=zone.optional_fields,
    )


def _from_citizen_qr(card: CitizenCardQr) -> ReadDocument:
    primary, _, secondary = card.full_name.partition(" ")
    birth, issued = card.date_of_birth, card.date_of_issue
    return ReadDocument(
        kind=DocumentKind.IDENTITY_CARD,
        source=ReadingSource.CITIZEN_CARD_QR,
        fields=DocumentFields(
            issuing_state=_VIETNAM,
            document_number=card.number_as_read,
            number_key=card.personal_number,
            nationality=_VIETNAM,
            date_of_birth=None if birth is None else birth.iso,
            sex=card.sex,
            date_of_issue=None if issued is None else issued.iso,
            primary_identifier=primary,
            secondary_identifier=secondary,
            full_name=card.full_name,
            personal_number=card.personal_number,
            former_number=card.former_number,
            address=card.address,
            unread_tail=card.unread_tail,
        ),
        born_on=birth.last_day() if birth is not None and birth.is_complete else None,
        warnings=card.warnings,
    )


def _from_national_qr(code: NationalQr) -> ReadDocument:
    """Nothing in the code is signed, so its number is as unproven as a typed one."""
    primary, _, secondary = code.full_name.partition(" ")
    birth = code.date_of_birth
    is_personal = is_personal_number(code.number)
    warnings = [DocumentWarning(code=DocumentWarningCode.NUMBER_NOT_VERIFIABLE, field="document_number")]
    if is_personal:
        warnings += number_warnings(code.number, birth=birth, sex=Sex.UNSPECIFIED)
    return ReadDocument(
        kind=DocumentKind.IDENTITY_CARD,
        source=ReadingSource.NATIONAL_QR,
        fields=DocumentFields(
            document_code=code.identity_kind,
            issuing_state=_VIETNAM,
            document_number=code.number,
            number_key=code.number,
            nationality=_VIETNAM,
            date_of_birth=None if birth is None else birth.iso,
            primary_identifier=primary,
            secondary_identifier=secondary,
            full_name=code.full_name,
            personal_number=code.number if is_personal else "",
            unread_tail=tuple(part for part in (code.code_id, code.extension) if part),
        ),
        born_on=birth.last_day() if birth is not None and birth.is_complete else None,
        warnings=(*warnings, *(code.warnings)),
    )


def _from_number(text: str) -> ReadDocument | DocumentFault:
    """Twelve digits are a citizen's number; one with Chinese characters is a permit; any other a border pass."""
    found = read_pass_number(text)
    warnings = [DocumentWarning(code=DocumentWarningCode.NUMBER_NOT_VERIFIABLE, field="document_number")]
    if is_personal_number(found.key) and found.model is None:
        warnings += number_warnings(found.key, birth=None, sex=Sex.UNSPECIFIED)
        fields = DocumentFields(
            issuing_state=_VIETNAM,
            document_number=found.key,
            number_key=found.key,
            personal_number=found.key,
        )
        return ReadDocument(
            kind=DocumentKind.IDENTITY_CARD, source=ReadingSource.NUMBER, fields=fields, warnings=tuple(warnings)
        )
    if not found.is_plausible:
        return fault(DocumentFaultCode.NOT_RECOGNISED, detail="neither a zone, nor a citizen card's code, nor a number")
    is_chinese = _CHINESE.search(found.display) is not None
    fields = DocumentFields(
        issuing_state=_CHINA if is_chinese else "",
        document_number=found.display,
        number_key=found.key,
        pass_model="" if found.model is None else found.model.value,
        pass_regime=found.regime,
    )
    kind = DocumentKind.BORDER_PERMIT if is_chinese else DocumentKind.BORDER_PASS
    return ReadDocument(kind=kind, source=ReadingSource.NUMBER, fields=fields, warnings=tuple(warnings))
