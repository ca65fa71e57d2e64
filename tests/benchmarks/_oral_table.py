"""The FDA/PhysioNet table of face and oral temperatures, read as it is, dirt and all.

Wang et al., Sensors 2022, 22, 215; doi:10.13026/3bhc-9065; CC0. Three header rows, of which the third names
the columns; four rounds for each subject; empty cells where a round failed.
"""

import csv
import math
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

FEVER_C = 37.5
"""Oral temperature, monitor mode, from which on a subject counts as ill: the reference page's cut."""
CAMERAS = ("FLIR", "ICI")
ROUNDS = (1, 2, 3, 4)


class Subject(NamedTuple):
    """One person before one camera: the mean of the rounds that gave a number, and the oral temperature."""

    subject_id: str
    at: datetime
    canthus_c: float
    face_c: float
    ambient_c: float
    oral_c: float
    is_dirty: bool

    @property
    def is_ill(self) -> bool:
        """Whether the oral thermometer says so."""
        return self.oral_c >= FEVER_C


def read_table(path: Path) -> list[Subject]:
    """Read one camera's subjects in time order; a row without any usable round is left out."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    column = {name.strip(): place for place, name in enumerate(rows[2]) if name.strip()}
    subjects = (_subject(row, column) for row in rows[3:] if row and row[0].strip())
    return sorted((subject for subject in subjects if subject), key=lambda subject: (subject.at, subject.subject_id))


def _subject(row: list[str], column: dict[str, int]) -> Subject | None:
    canthus_c = _mean(row, column, "canthiMax")
    face_c = _mean(row, column, "T_Max")
    ambient_c, oral_c = _number(row[column["T_atm"]]), _number(row[column["aveOralM"]])
    if any(math.isnan(value) for value in (canthus_c, face_c, ambient_c, oral_c)):
        return None
    humidity, distance_m = _number(row[column["Humidity"]]), _number(row[column["Distance"]])
    at = datetime.strptime(f"{row[column['Date']]} {row[column['Time']]}", "%y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    # The temperatures of a row with an impossible humidity or distance are sound: it is kept, and counted.
    is_dirty = humidity > 100 or distance_m > 10
    return Subject(row[0].strip(), at, canthus_c, face_c, ambient_c, oral_c, is_dirty)


def _mean(row: list[str], column: dict[str, int], name: str) -> float:
    found = [value for number in ROUNDS if not math.isnan(value := _number(row[column[f"{name}{number}"]]))]
    return statistics.fmean(found) if found else math.nan


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
