"""A clearance slip at a lane: what was shown by a traveller, and what became of the one printed here. Plain values."""

from datetime import datetime
from enum import StrEnum

import msgspec

from checkpoint.papers.clearance_slip import ClearanceSlip
from sync.agreement.paper_words import SlipFault


class HeldSlip(msgspec.Struct, frozen=True, kw_only=True):
    """The slip at a lane: it waits for its document, was met by it, or is worth nothing (``fault``).

    ``scan_mark`` tells the same scan again from another one; ``is_proof_of_passage`` as in ``slip_checked``.
    ``is_age_unknown``: it fits a border pass, and nothing says whether its holder or a child on it stands there.
    """

    scan_mark: bytes
    slip: ClearanceSlip | None = None
    fault: SlipFault | None = None
    is_met: bool = False
    is_proof_of_passage: bool = False
    is_age_unknown: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether the document it belongs to was not shown yet."""
        return self.slip is not None and self.fault is None and not self.is_met


class PrintState(StrEnum):
    """Where the slip of a lane's last cleared person is."""

    OFFERED = "offered"
    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"


class SlipPrint(msgspec.Struct, frozen=True, kw_only=True):
    """What the printer of a lane was last asked for, and how it went. ``fault`` is a refusal's code."""

    crossing_id: str
    state: PrintState
    at: datetime
    fault: str = ""
