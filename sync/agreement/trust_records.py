"""What the centre writes of its own trust: whom it believes, which of its lives it is in, what it waits for no more.

They stand in the centre's own journal, so that every decision about trust is in its signed chain. Edges
take them with the others and act on none.
"""

from datetime import date
from typing import Annotated, ClassVar

import msgspec

from sync.agreement.vocabulary import EpochReason, RevocationReason, SettlementReason

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class EdgeEnrolled(msgspec.Struct, frozen=True, kw_only=True):
    """The centre took a machine in: its name, gate and key. ``is_confirmed``: an operator held the key in hand."""

    type_name: ClassVar[str] = "edge_enrolled"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    edge_id: str
    point_of_entry_id: str
    kind: str
    public_key: str
    is_confirmed: bool


class EdgeConfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """A person compared the fingerprint of a machine's key; from here on the centre believes it."""

    type_name: ClassVar[str] = "edge_confirmed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    edge_id: str
    fingerprint: str


class EdgeRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """The centre believes a machine no more; what it sent before stays."""

    type_name: ClassVar[str] = "edge_revoked"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    edge_id: str
    reason: RevocationReason


class EpochRenewed(msgspec.Struct, frozen=True, kw_only=True):
    """The centre began a new life: the first record of its chain in that life.

    ``ledger_position`` is how long the ledger was then; ``witness`` is the edge that showed what the
    database had forgotten, empty where nobody had to.
    """

    type_name: ClassVar[str] = "epoch_renewed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    number: Count
    previous_number: Count
    ledger_position: Count
    reason: EpochReason
    witness: str


class ExpressSettled(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewer states that records which came by the express lane will never arrive in their journal.

    The case stays counted as reported by express. ``about`` is the crossing; no gate may act on it.
    """

    type_name: ClassVar[str] = "express_settled"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    about: str
    edge_id: str
    record_ids: tuple[str, ...]
    report_day: date
    reason: SettlementReason
