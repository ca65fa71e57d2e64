"""An hour of a gate was reconciled: scanners, lanes and the immigration list against each other. Counts only."""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

PassageCount = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Revision = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class LaneCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One lane in one hour; ``lane_id`` is empty for entries of the list that name no lane.

    ``None`` in a figure of the immigration list: no list covers this hour; it is never counted as 0.
    ``logged`` is measured, excepted, turned back and not measured together; ``not_measured`` must be 0.
    """

    lane_id: str
    seen: PassageCount
    logged: PassageCount
    measured: PassageCount
    excepted: PassageCount
    turned_back: PassageCount
    seen_not_logged: PassageCount
    not_measured: PassageCount
    listed: PassageCount | None = None
    listed_not_logged: PassageCount | None = None
    logged_not_listed: PassageCount | None = None


class CoverageReconciled(msgspec.Struct, frozen=True, kw_only=True):
    """The passages of one hour (from ``starts_at``, aware UTC) were held against each other, lane by lane.

    A later revision names the record it replaces: a list came in, or a crossing was withdrawn.
    """

    type_name: ClassVar[str] = "coverage_reconciled"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    starts_at: datetime
    revision: Revision
    lanes: tuple[LaneCoverage, ...]
    replaces_record_id: str | None = None


CoverageRecord = CoverageReconciled
"""Records of the proof of coverage."""
