"""The path of one person from the alarm to the end of the gate's care: one table, no clock, no store.

A person is in exactly one state. Each move is an act that a record tells (``RECORD_OF``), so nobody
changes place on this path without somebody who did it; and every end is reached by such an act.
``MOVES`` is the whole truth: what is not in it is refused. The documents draw it from here.
"""

from enum import StrEnum


class PathState(StrEnum):
    """Where a person is. ``ENDS`` are those in which the gate has nothing more to do."""

    ALARMED = "alarmed"
    HELD = "held"
    UNDER_CHECK = "under_check"
    CHECKED = "checked"
    PROPOSED = "proposed"
    LAPSED = "lapsed"
    ISOLATED = "isolated"
    REFUSING = "refusing"
    COMPELLED = "compelled"
    IN_TRANSIT = "in_transit"
    RELEASED = "released"
    TURNED_BACK = "turned_back"
    ARRIVED = "arrived"
    WITHDRAWN = "withdrawn"


class PathEvent(StrEnum):
    """What can happen to a person on this path."""

    OPENED = "opened"
    CHECK_STARTED = "check_started"
    CHECK_ENDED = "check_ended"
    PROPOSED = "proposed"
    DECIDED = "decided"
    DECLINED = "declined"
    DECLINED_UNCHECKED = "declined_unchecked"
    DECLINED_LAPSED = "declined_lapsed"
    HOLD_LAPSED = "hold_lapsed"
    REFUSED = "refused"
    COMPELLED = "compelled"
    DEPARTED = "departed"
    RETURNED = "returned"
    RETURNED_UNORDERED = "returned_unordered"
    RETURNED_LAPSED = "returned_lapsed"
    RETURNED_REFUSING = "returned_refusing"
    RETURNED_COMPELLED = "returned_compelled"
    ARRIVED = "arrived"
    RELEASED = "released"
    TURNED_BACK = "turned_back"
    WITHDRAWN = "withdrawn"
    ADMITTED = "admitted"
    PROVIDED = "provided"
    NOTIFIED = "notified"
    EXTENDED = "extended"
    ESCALATED = "escalated"
    CONTACT_LISTED = "contact_listed"


class PathError(ValueError):
    """The person is not in a state for this. Look at the card, do not retry."""

    code = "step_not_allowed"

    def __init__(self, state: PathState, event: PathEvent) -> None:
        """Keep where the person is and what was asked."""
        super().__init__(f"{state.value} + {event.value}")
        self.state = state
        self.event = event


ENDS = frozenset({PathState.RELEASED, PathState.TURNED_BACK, PathState.ARRIVED, PathState.WITHDRAWN})

# The act's own record type: what proves the move.
RECORD_OF: dict[PathEvent, str] = {
    PathEvent.OPENED: "temperature_rechecked",
    PathEvent.CHECK_STARTED: "physical_check_started",
    PathEvent.CHECK_ENDED: "physical_check_ended",
    PathEvent.PROPOSED: "isolation_proposed",
    PathEvent.DECIDED: "isolation_decided",
    PathEvent.DECLINED: "isolation_decided",
    PathEvent.DECLINED_UNCHECKED: "isolation_decided",
    PathEvent.DECLINED_LAPSED: "isolation_decided",
    PathEvent.HOLD_LAPSED: "hold_lapsed",
    PathEvent.REFUSED: "isolation_refused",
    PathEvent.COMPELLED: "compulsion_ordered",
    PathEvent.DEPARTED: "handover_departed",
    PathEvent.RETURNED: "handover_returned",
    PathEvent.RETURNED_UNORDERED: "handover_returned",
    PathEvent.RETURNED_LAPSED: "handover_returned",
    PathEvent.RETURNED_REFUSING: "handover_returned",
    PathEvent.RETURNED_COMPELLED: "handover_returned",
    PathEvent.ARRIVED: "handover_arrived",
    PathEvent.RELEASED: "traveller_discharged",
    PathEvent.TURNED_BACK: "traveller_discharged",
    PathEvent.WITHDRAWN: "crossing_withdrawn",
    PathEvent.ADMITTED: "traveller_isolated",
    PathEvent.PROVIDED: "provision_given",
    PathEvent.NOTIFIED: "notice_given",
    PathEvent.EXTENDED: "clock_extended",
    PathEvent.ESCALATED: "clock_escalated",
    PathEvent.CONTACT_LISTED: "contact_listed",
}

_S, _E = PathState, PathEvent
_AT_GATE = (_S.HELD, _S.UNDER_CHECK, _S.CHECKED, _S.PROPOSED, _S.LAPSED, _S.ISOLATED, _S.REFUSING, _S.COMPELLED)
_BEFORE_DECISION = (_S.HELD, _S.UNDER_CHECK, _S.CHECKED, _S.PROPOSED)
# What may be done for a person wherever it stands, and changes no state.
_BESIDES = (_E.PROVIDED, _E.NOTIFIED, _E.EXTENDED, _E.ESCALATED, _E.CONTACT_LISTED)

MOVES: dict[tuple[PathState, PathEvent], PathState] = {
    (_S.ALARMED, _E.OPENED): _S.HELD,
    (_S.HELD, _E.CHECK_STARTED): _S.UNDER_CHECK,
    (_S.UNDER_CHECK, _E.CHECK_ENDED): _S.CHECKED,
    # The list is due within an hour of discovery, the check may take two: whoever is proposed may still be checked.
    **{(state, _E.PROPOSED): _S.PROPOSED for state in (_S.HELD, _S.UNDER_CHECK, _S.CHECKED, _S.LAPSED)},
    (_S.PROPOSED, _E.CHECK_STARTED): _S.PROPOSED,
    (_S.PROPOSED, _E.CHECK_ENDED): _S.PROPOSED,
    (_S.PROPOSED, _E.DECIDED): _S.ISOLATED,
    # Nobody was checked by being proposed: whoever still has to be goes back to that.
    (_S.PROPOSED, _E.DECLINED): _S.CHECKED,
    (_S.PROPOSED, _E.DECLINED_UNCHECKED): _S.HELD,
    (_S.PROPOSED, _E.DECLINED_LAPSED): _S.LAPSED,
    **{(state, _E.HOLD_LAPSED): _S.LAPSED for state in _BEFORE_DECISION},
    (_S.LAPSED, _E.CHECK_STARTED): _S.LAPSED,
    (_S.LAPSED, _E.CHECK_ENDED): _S.LAPSED,
    (_S.LAPSED, _E.DECIDED): _S.ISOLATED,
    (_S.ISOLATED, _E.CHECK_STARTED): _S.ISOLATED,
    (_S.ISOLATED, _E.CHECK_ENDED): _S.ISOLATED,
    (_S.ISOLATED, _E.REFUSED): _S.REFUSING,
    (_S.REFUSING, _E.COMPELLED): _S.COMPELLED,
    # A person may go straight to a hospital from any step: the room is full, or the state is grave.
    **{(state, _E.DEPARTED): _S.IN_TRANSIT for state in _AT_GATE},
    # Brought back: under the order that is in force, or as before if nobody had ordered anything yet. A drive holds
    # nobody longer: whose hold had lapsed is as free as before.
    (_S.IN_TRANSIT, _E.RETURNED): _S.ISOLATED,
    (_S.IN_TRANSIT, _E.RETURNED_UNORDERED): _S.HELD,
    (_S.IN_TRANSIT, _E.RETURNED_LAPSED): _S.LAPSED,
    (_S.IN_TRANSIT, _E.RETURNED_REFUSING): _S.REFUSING,
    (_S.IN_TRANSIT, _E.RETURNED_COMPELLED): _S.COMPELLED,
    (_S.IN_TRANSIT, _E.ARRIVED): _S.ARRIVED,
    **{(state, _E.RELEASED): _S.RELEASED for state in _AT_GATE},
    **{(state, _E.TURNED_BACK): _S.TURNED_BACK for state in _AT_GATE},
    (_S.HELD, _E.WITHDRAWN): _S.WITHDRAWN,
    **{(state, _E.ADMITTED): state for state in _AT_GATE},
    **{(state, event): state for state in (*_AT_GATE, _S.IN_TRANSIT) for event in _BESIDES},
    # A notice that is owed is given even after the person arrived, was let go or was turned back.
    **{(state, _E.NOTIFIED): state for state in (_S.ARRIVED, _S.RELEASED, _S.TURNED_BACK)},
}


def move(state: PathState, event: PathEvent) -> PathState:
    """Return where an act leads; raises ``PathError`` when the table has no such move.

    >>> move(PathState.PROPOSED, PathEvent.DECIDED).value
    'isolated'
    """
    to = MOVES.get((state, event))
    if to is None:
        raise PathError(state, event)
    return to


# The step that the law waits for in each state; the screens put it first.
NEXT_STEP: dict[PathState, PathEvent] = {
    _S.HELD: _E.CHECK_STARTED,
    _S.UNDER_CHECK: _E.CHECK_ENDED,
    _S.CHECKED: _E.PROPOSED,
    _S.PROPOSED: _E.DECIDED,
    _S.LAPSED: _E.RELEASED,
    _S.ISOLATED: _E.DEPARTED,
    _S.REFUSING: _E.COMPELLED,
    _S.COMPELLED: _E.DEPARTED,
    _S.IN_TRANSIT: _E.ARRIVED,
}


def steps_from(state: PathState) -> tuple[PathEvent, ...]:
    """Return every act that is allowed in a state, in the order of the words."""
    return tuple(event for event in PathEvent if (state, event) in MOVES)
