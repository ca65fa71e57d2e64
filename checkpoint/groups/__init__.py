"""Groups of people who are counted together: their lists, their head count, who sat near whom. Pure rules."""

from checkpoint.groups.faults import ManifestError, ManifestFault, RowFault
from checkpoint.groups.head_count import HeadCount, count_heads
from checkpoint.groups.manifest import ManifestMember, ReadManifest, read_manifest
from checkpoint.groups.seats import Nearness, near, seat_code
from checkpoint.groups.sheets import LARGEST_FILE_BYTES, MOST_ROWS, Row, is_workbook, read_rows

__all__ = [
    "LARGEST_FILE_BYTES",
    "MOST_ROWS",
    "HeadCount",
    "ManifestError",
    "ManifestFault",
    "ManifestMember",
    "Nearness",
    "ReadManifest",
    "Row",
    "RowFault",
    "count_heads",
    "is_workbook",
    "near",
    "read_manifest",
    "read_rows",
    "seat_code",
]
