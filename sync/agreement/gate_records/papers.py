"""Clearance slips: one was signed at a gate, one was shown at a lane or a post. Codes and times; nobody is named."""

from datetime import datetime
from typing import ClassVar

import msgspec

from sync.agreement.paper_words import PrinterKind, SlipFault


class SlipIssued(msgspec.Struct, frozen=True, kw_only=True):
    """The gate signed a slip for one cleared crossing (``given_for``) and handed it to a printer or a screen.

    One record for each time it was issued: a reprint is a second one. Whether paper came out stands nowhere.
    ``valid_until`` follows from the policy's rule ``rule_id``.
    """

    type_name: ClassVar[str] = "slip_issued"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    given_for: str
    cleared_at: datetime
    valid_until: datetime
    rule_id: str
    printer: PrinterKind


class SlipChecked(msgspec.Struct, frozen=True, kw_only=True):
    """A slip was shown at this lane, with the person of the crossing ``given_for`` (empty: nobody stood there).

    What the slip says is there only where its signature held. ``is_proof_of_passage``: it was good, belonged to
    the document shown, and this is an inland control post, where it proves the passage of the border.
    It stands in for no measurement anywhere.
    """

    type_name: ClassVar[str] = "slip_checked"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    given_for: str
    fault: SlipFault | None
    is_proof_of_passage: bool
    slip_crossing_id: str = ""
    slip_point_of_entry_id: str = ""
    slip_cleared_at: datetime | None = None
    slip_valid_until: datetime | None = None


PaperRecord = SlipIssued | SlipChecked
