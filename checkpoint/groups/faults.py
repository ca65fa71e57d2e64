"""What can be wrong with a list of people: where it is, what it is; what to do stands in the labels."""

from enum import StrEnum

from msgspec import Struct


class ManifestFault(StrEnum):
    """Labels under ``[ManifestFault]``: what is wrong; the same word with ``_do``: what to do."""

    FILE_EMPTY = "file_empty"
    FILE_TOO_LARGE = "file_too_large"
    FILE_UNREADABLE = "file_unreadable"
    ENCODING_UNKNOWN = "encoding_unknown"
    ROWS_TOO_MANY = "rows_too_many"
    HEADING_MISSING = "heading_missing"
    HEADING_TWICE = "heading_twice"
    NOBODY_LISTED = "nobody_listed"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    NUMBER_MISSING = "number_missing"
    NUMBER_UNREADABLE = "number_unreadable"
    NUMBER_REPEATED = "number_repeated"
    NUMBER_LOST_ZERO = "number_lost_zero"
    NUMBER_ROUNDED = "number_rounded"
    DATE_UNREADABLE = "date_unreadable"
    BIRTH_IMPOSSIBLE = "birth_impossible"
    NATIONALITY_UNKNOWN = "nationality_unknown"
    SEAT_UNREADABLE = "seat_unreadable"


class RowFault(Struct, frozen=True, kw_only=True):
    """One mistake: ``row`` as the spreadsheet numbers it (0: the file), ``column`` the field it is about.

    ``other_row`` is the row with which this one collides. The cell's own words are not repeated: they name somebody.
    """

    row: int
    column: str
    fault: ManifestFault
    other_row: int | None = None


class ManifestError(ValueError):
    """A file that is no list at all: nothing of it was read."""

    def __init__(self, fault: ManifestFault) -> None:
        """``fault`` says what is wrong with the file."""
        super().__init__(fault.value)
        self.fault = fault
