"""Counting a frozen report's figures anew: in sum, per gate and direction, per category, and by every dimension.

The figures are made of the recount by the very functions that drew the report, and compared one by one: a
difference names the table of the report, its line and its figure.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from central.dimensions import Dimension, Seen, cuts_of
from central.report.daily_report import DailyReport, DimensionFigures, Figures, figures_of
from central.report.snapshot import DayCount
from central.rollup import Shape, spread
from central.store.differences import DifferenceError, require_equal
from sync.agreement.vocabulary import Direction, TravellerCategory

_TABLE = "report_revision"
_Key = tuple[object, ...]
_Name = TypeVar("_Name", bound=str)


def check_figures(report: DailyReport, *, seen: Mapping[Seen, int]) -> None:
    """Hold every figure of a report against what it saw of the crossings. Raises ``DifferenceError``."""
    key = (report.report_day, report.revision)
    counts = _counts(seen)
    _compare(key, expected=figures_of(counts), found=report.totals)
    _check_gates(report, counts=counts, key=key)
    _check_categories(report, counts=counts, key=key)
    if report.dimensions is not None:
        _check_dimensions(report.dimensions, seen=seen, key=key)


def _counts(seen: Mapping[Seen, int]) -> list[DayCount]:
    shapes: Counter[Shape] = Counter()
    for one, count in seen.items():
        shapes[one.shape] += count
    return [
        DayCount(
            point_of_entry_id=key.point_of_entry_id,
            direction=key.direction,
            category=key.category,
            figure=key.figure.value,
            count=count,
        )
        for key, count in spread(shapes).items()
    ]


def _check_gates(report: DailyReport, *, counts: list[DayCount], key: _Key) -> None:
    """A gate without figures saw nobody: it has no line of noughts, and no line that hides somebody."""
    for gate in report.gates:
        name, mine = gate.point_of_entry_id, [one for one in counts if one.point_of_entry_id == gate.point_of_entry_id]
        if gate.figures is None:
            require_equal(_TABLE, key=(*key, "gates", name), expected=figures_of(mine) if mine else None, found=None)
            require_equal(_TABLE, key=(*key, "gates", name, "by_direction"), expected={}, found=gate.by_direction)
            continue
        _compare((*key, "gates", name), expected=figures_of(mine), found=gate.figures)
        expected = {direction: figures_of(one for one in mine if one.direction is direction) for direction in Direction}
        _compare_lines((*key, "gates", name), expected=expected, found=gate.by_direction, nothing=Figures())


def _check_categories(report: DailyReport, *, counts: list[DayCount], key: _Key) -> None:
    expected = {
        category: figures_of(one for one in counts if one.category is category) for category in TravellerCategory
    }
    _compare_lines((*key, "categories"), expected=expected, found=report.categories, nothing=Figures())


def _check_dimensions(
    dimensions: Mapping[Dimension, Mapping[str, DimensionFigures]], *, seen: Mapping[Seen, int], key: _Key
) -> None:
    cuts: dict[Dimension, dict[str, Counter[str]]] = {dimension: {} for dimension in Dimension}
    for (dimension, value, figure), count in cuts_of(seen).items():
        cuts[dimension].setdefault(value, Counter())[figure.value] += count
    for dimension, values in cuts.items():
        expected = {value: DimensionFigures(**figures) for value, figures in values.items()}
        found = dimensions.get(dimension)
        if found is None:
            raise DifferenceError(table=_TABLE, key=(*key, dimension.value), expected=expected, found=None)
        _compare_lines((*key, dimension.value), expected=expected, found=found, nothing=DimensionFigures())


def _compare_lines(
    key: _Key,
    *,
    expected: Mapping[_Name, msgspec.Struct],
    found: Mapping[_Name, msgspec.Struct],
    nothing: msgspec.Struct,
) -> None:
    """Compare line by line; a line of noughts may be missing on either side."""
    for name in sorted({*expected, *found}):
        _compare((*key, str(name)), expected=expected.get(name, nothing), found=found.get(name, nothing))


def _compare(key: _Key, *, expected: msgspec.Struct, found: msgspec.Struct) -> None:
    if expected == found:
        return
    for name in expected.__struct_fields__:
        require_equal(_TABLE, key=(*key, name), expected=getattr(expected, name), found=getattr(found, name))
