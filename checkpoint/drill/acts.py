"""The acts that a script can expect: by which record of the journal each is known.

A record proves that an act was done, and nothing else does: the drill is scored by what the real program
wrote. ``where`` names values of the record's open part by their path; ``*`` stands for any element of a list.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

Value = str | bool | int | float | None


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of act: the type of its record, and what the record must say."""

    record: str
    where: tuple[tuple[str, Value], ...] = ()

    def is_proven_by(self, record_type: str, *, said: Mapping[str, Any]) -> bool:
        """Tell whether a record of that type with that open part proves the act.

        >>> ACTS["alarm"].is_proven_by("crossing_screened", said={"disposition": "pending"})
        True
        """
        return record_type == self.record and all(value in _at(said, path) for path, value in self.where)


def _act(record: str, **where: Value) -> Act:
    return Act(record=record, where=tuple((path.replace("__", "."), value) for path, value in where.items()))


def _at(said: object, path: str) -> list[object]:
    """Return every value at a path: ``facts.measurements.*.site``."""
    found: list[object] = [said]
    for step in path.split("."):
        found = [below for one in found for below in _below(one, step)]
    return found


def _below(said: object, step: str) -> Iterator[object]:
    if isinstance(said, Mapping):
        if step in said:
            yield said[step]
    elif isinstance(said, list) and step == "*":
        yield from said


_HAND: Final = Act(record="crossing_screened", where=(("facts.measurements.*.device_kind", "infrared_thermometer"),))
ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "screened": _act("crossing_screened"),
        "passed": _act("crossing_screened", disposition="cleared"),
        "alarm": _act("crossing_screened", disposition="pending"),
        "turned_back": _act("crossing_screened", disposition="refused"),
        "measured_by_hand": _HAND,
        "excepted": _act("crossing_screened", exception__code="device_failure"),
        "rechecked": _act("temperature_rechecked"),
        "referred": _act("temperature_rechecked", disposition="referred"),
        "released": _act("temperature_rechecked", disposition="cleared"),
        "isolated": _act("traveller_isolated"),
        "check_started": _act("physical_check_started"),
        "check_ended": _act("physical_check_ended"),
        "proposed": _act("isolation_proposed"),
        "decided": _act("isolation_decided", is_approved=True),
        "refusal_noted": _act("isolation_refused"),
        "compelled": _act("compulsion_ordered"),
        "consulate_told": _act("notice_given", addressee="consular_department"),
        "provided": _act("provision_given"),
        "contact_listed": _act("contact_listed"),
        "departed": _act("handover_departed"),
        "arrived": _act("handover_arrived"),
        "group_opened": _act("group_opened"),
        "member_seen": _act("group_member_seen"),
        "member_missing": _act("group_member_missing"),
        "group_closed": _act("group_closed"),
    }
)
"""Every act by its word in a script; the labels stand in ``[drill_act]``."""
