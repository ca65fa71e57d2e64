"""The clearance slip: what a gate says of one cleared crossing, under its own signature, as one QR code.

``KDS2:`` base45 ``:`` where the bytes are a MessagePack array, the hint of the key (4) and an Ed25519
signature (64). It names nobody: the document is there as a keyed hash only, so that the next post can tell
whether the slip belongs to the document it is shown with, and a stranger who reads the code learns nothing.
A post verifies it without any link, from the public keys of the province's edges that came down before.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from checkpoint.documents import number_key
from checkpoint.documents.border_pass import CHILD_SHARES_UNTIL_AGE
from sync.agreement.base45 import from_base45, to_base45
from sync.agreement.paper_words import SlipFault
from sync.agreement.vocabulary import Direction, DocumentKind

PREFIX: Final = "KDS2:"
EARLIER_PREFIX: Final = "KDS1:"
"""Slips without a temperature, as they were signed before; still read."""
_TAG: Final = b"kiemdich/clearance-slip/v1\x00"
_HINT_BYTES, _SIGNATURE_BYTES, _HASH_BYTES = 4, 64, 8
_LONGEST: Final = 600
_DIRECTIONS: Final = (Direction.ENTRY, Direction.EXIT, Direction.TRANSIT)


class SlipRefusedError(ValueError):
    """The slip must not be believed; ``fault`` says why. Ask for the document and screen the person here."""

    def __init__(self, fault: SlipFault) -> None:
        """Keep the reason as a code; the words stand in the labels."""
        super().__init__(fault.value)
        self.fault = fault


class ClearanceSlip(msgspec.Struct, frozen=True, kw_only=True):
    """One cleared crossing. Times are aware, whole seconds; ``is_exercise`` marks a slip of a drill.

    ``temperature_c``: what the gate measured, shown at the next post beside its time; it replaces no measurement
    there. ``None`` for somebody who was excepted, and on slips of the earlier kind.
    """

    crossing_id: UUID
    point_of_entry_id: str
    direction: Direction
    cleared_at: datetime
    valid_until: datetime
    document_hash: bytes
    is_exercise: bool = False
    temperature_c: float | None = None

    def __post_init__(self) -> None:
        """Refuse a naive time and a slip that ends before it begins."""
        if self.cleared_at.tzinfo is None or self.valid_until.tzinfo is None:
            msg = "a slip needs aware times"
            raise ValueError(msg)
        if self.valid_until <= self.cleared_at:
            msg = "a slip must be valid for some time"
            raise ValueError(msg)


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that signs slips: where it stands, its public key (32 bytes), and whether it is believed."""

    edge_id: str
    point_of_entry_id: str
    public_key: bytes
    is_confirmed: bool = True
    is_revoked: bool = False


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    crossing_id: bytes
    point_of_entry_id: str
    direction: int
    cleared_s: int
    valid_s: int
    document_hash: bytes
    is_exercise: bool


class _MeasuredWire(_Wire, frozen=True, array_like=True, forbid_unknown_fields=True):
    tenths_c: int


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODERS: Final[Mapping[str, "msgspec.msgpack.Decoder[_MeasuredWire] | msgspec.msgpack.Decoder[_Wire]"]] = {
    PREFIX: msgspec.msgpack.Decoder(_MeasuredWire),
    EARLIER_PREFIX: msgspec.msgpack.Decoder(_Wire),
}


def document_hash(crossing_id: UUID, document_number: str) -> bytes:
    """Tie a slip to a document: 8 bytes, different for each crossing of the same document."""
    key = "".join(mark for mark in document_number.upper() if mark.isalnum()).encode()
    return hmac.digest(_TAG + crossing_id.bytes, key, hashlib.sha256)[:_HASH_BYTES]


def number_of_bearer(document_number: str, *, document_kind: DocumentKind, age_years: int | None) -> str:
    """Return what a slip is tied to: the document, and for a child on a border pass its age beside it.

    Children cross on a parent's pass under its number: the slip of one is worth nothing to the others on it, but to a
    child of the same age, whom no post can tell apart by the document.

    >>> number_of_bearer("QN 100123", document_kind=DocumentKind.BORDER_PASS, age_years=8)
    'QN 100123 CHILD 8'
    >>> number_of_bearer("QN 100123", document_kind=DocumentKind.BORDER_PASS, age_years=38)
    'QN 100123'
    """
    if document_kind is not DocumentKind.BORDER_PASS or age_years is None or age_years >= CHILD_SHARES_UNTIL_AGE:
        return document_number
    return f"{document_number} CHILD {age_years}"


def write_slip(slip: ClearanceSlip, *, key: Ed25519PrivateKey) -> str:
    """Write and sign a slip as the text of its code."""
    wire = _MeasuredWire(
        slip.crossing_id.bytes,
        slip.point_of_entry_id,
        _DIRECTIONS.index(slip.direction),
        int(slip.cleared_at.timestamp()),
        int(slip.valid_until.timestamp()),
        slip.document_hash,
        slip.is_exercise,
        0 if slip.temperature_c is None else round(slip.temperature_c * 10),
    )
    body = _ENCODER.encode(wire)
    hint = key_hint(key.public_key().public_bytes_raw())
    return f"{PREFIX}{to_base45(body + hint + key.sign(_TAG + body))}:"


def key_hint(public_key: bytes) -> bytes:
    """Shorten a public key (32 bytes) to what a slip names its signer by."""
    return hashlib.sha256(public_key).digest()[:_HINT_BYTES]


def looks_like_slip(text: str) -> bool:
    """Tell whether a scan is a slip's code, whole or damaged.

    >>> looks_like_slip("KDS1:ABC:"), looks_like_slip("KD1:ABC:")
    (True, False)
    """
    return text.lstrip().startswith("KDS")


def read_slip(text: str, *, signers: Mapping[bytes, Signer], at: datetime, is_exercise: bool = False) -> ClearanceSlip:
    """Read a slip at the instant ``at``; raise ``SlipRefusedError`` for one that must not be believed.

    ``signers``: hint -> every machine of the province that is known. In a drill (``is_exercise``) slips of
    a drill alone count, outside of one none of them.
    """
    slip = _read_signed(text.strip(), signers=signers)
    if slip.is_exercise is not is_exercise:
        raise SlipRefusedError(SlipFault.EXERCISE)
    require_time(slip, at=at)
    return slip


def require_time(slip: ClearanceSlip, *, at: datetime) -> None:
    """Raise ``SlipRefusedError`` unless the slip is valid at ``at``."""
    if at > slip.valid_until:
        raise SlipRefusedError(SlipFault.EXPIRED)
    if (slip.cleared_at - at).total_seconds() > _CLOCKS_APART_S:
        raise SlipRefusedError(SlipFault.NOT_YET)


_CLOCKS_APART_S: Final = 300


def require_document(slip: ClearanceSlip, document_number: str) -> None:
    """Raise ``SlipRefusedError`` unless the slip was written for this document; without a number it is nobody's."""
    shown = document_hash(slip.crossing_id, document_number)
    if not number_key(document_number) or not hmac.compare_digest(slip.document_hash, shown):
        raise SlipRefusedError(SlipFault.OTHER_DOCUMENT)


def _read_signed(text: str, *, signers: Mapping[bytes, Signer]) -> ClearanceSlip:
    prefix = text[: len(PREFIX)]
    if prefix not in _DECODERS:
        raise SlipRefusedError(SlipFault.NOT_A_SLIP)
    whole = from_base45(text.removeprefix(prefix).removesuffix(":")) if text.endswith(":") else None
    if whole is None or len(text) > _LONGEST or len(whole) <= _HINT_BYTES + _SIGNATURE_BYTES:
        raise SlipRefusedError(SlipFault.DAMAGED)
    signature, head = whole[-_SIGNATURE_BYTES:], whole[:-_SIGNATURE_BYTES]
    body, hint = head[:-_HINT_BYTES], head[-_HINT_BYTES:]
    signer = signers.get(hint)
    if signer is None or not (signer.is_confirmed or signer.is_revoked):
        raise SlipRefusedError(SlipFault.UNKNOWN_GATE)
    if not _is_signed_by(signer, signature=signature, message=_TAG + body):
        raise SlipRefusedError(SlipFault.FORGED)
    if signer.is_revoked:
        raise SlipRefusedError(SlipFault.REVOKED_GATE)
    slip = _slip_of(body, prefix=prefix)
    if slip.point_of_entry_id != signer.point_of_entry_id:
        raise SlipRefusedError(SlipFault.FORGED)
    return slip


def _is_signed_by(signer: Signer, *, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(signer.public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _slip_of(body: bytes, *, prefix: str) -> ClearanceSlip:
    try:
        wire = _DECODERS[prefix].decode(body)
        tenths_c = wire.tenths_c if isinstance(wire, _MeasuredWire) else 0
        return ClearanceSlip(
            crossing_id=UUID(bytes=wire.crossing_id),
            point_of_entry_id=wire.point_of_entry_id,
            direction=_DIRECTIONS[wire.direction],
            cleared_at=datetime.fromtimestamp(wire.cleared_s, UTC),
            valid_until=datetime.fromtimestamp(wire.valid_s, UTC),
            document_hash=wire.document_hash,
            is_exercise=wire.is_exercise,
            temperature_c=tenths_c / 10 if tenths_c else None,
        )
    except (msgspec.MsgspecError, ValueError, IndexError, OverflowError, OSError):
        raise SlipRefusedError(SlipFault.DAMAGED) from None
