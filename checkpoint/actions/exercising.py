"""What a drill does to its own edge: it begins, plays, changes an order, is over, and is told as a timeline.

Every command here refuses an edge that is no exercise. A real edge has nobody who could ask it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.mirroring import renewed
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.drill import Noted, Scenario, ScenarioError, Timeline, load_scenario, noted, timeline_of
from checkpoint.store.exercise import read_whole_journal
from sync.agreement.gate_records.exercise import ExerciseClosed, ExerciseInjectPlayed, ExerciseOpened
from sync.agreement.policy import parse_policy_text
from sync.agreement.records import PolicyIssued

NO_DRILL: Final = "no_drill"


class ShownDrill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill as it stands: its script, its timeline, and the label of each lane."""

    scenario: Scenario
    timeline: Timeline
    lanes: Mapping[str, str]


def open_exercise(turn: Turn, scenario: Scenario, *, speed: float) -> None:
    """Write that the drill begins; once for each drill."""
    _require_exercise(turn.gate)
    stands_for = turn.gate.settings.edge.stands_for or turn.gate.identity.edge_id
    body = ExerciseOpened(scenario_id=scenario.id, stands_for=stands_for, speed=speed)
    turn.append(body, lane_id=None, observed_at=turn.at)


def note_inject(turn: Turn, inject_id: str, *, lane_id: str | None) -> datetime:
    """Write that something of the script happens now; returns the moment from which its limits run."""
    _require_exercise(turn.gate)
    turn.append(ExerciseInjectPlayed(inject_id=inject_id), lane_id=lane_id, observed_at=turn.at)
    return turn.at


def close_exercise(turn: Turn, *, is_whole: bool) -> None:
    """Write that the drill is over."""
    _require_exercise(turn.gate)
    turn.append(ExerciseClosed(is_whole=is_whole), lane_id=None, observed_at=turn.at)


def play_order(turn: Turn, document: str) -> None:
    """Let an order of the played centre take effect; it decides by the same rules as a real one.

    Raises ``ScenarioError`` where it does not fit the province.
    """
    _require_exercise(turn.gate)
    gate = turn.gate
    parsed = parse_policy_text(document, name="order of the drill")
    issued = PolicyIssued(policy_id=parsed.id, version=parsed.version, document=document, issued_by="exercise")
    result = renewed(gate.deployment, gate.policy, issued=issued)
    if result.fault is not None:
        raise ScenarioError(result.detail)
    turn.transaction.after_commit(lambda: setattr(gate, "policy", result.policy))


def scenario_of(gate: Gate) -> Scenario:
    """Return the scenario that this edge plays; refuses an edge that plays none."""
    _require_exercise(gate)
    try:
        return load_scenario(gate.settings.edge.exercise)
    except ScenarioError:
        raise ActionRefusedError(NO_DRILL, http_code=404) from None


def journal_of(gate: Gate) -> list[Noted]:
    """Return every record of the drill, read from its open part."""
    with gate.store.readers.connect() as connection:
        return [noted(record) for record in read_whole_journal(connection)]


def shown_drill(gate: Gate) -> ShownDrill:
    """Draw the drill as it stands now."""
    scenario = scenario_of(gate)
    timeline = timeline_of(scenario, journal_of(gate), now=gate.clock())
    return ShownDrill(scenario=scenario, timeline=timeline, lanes=gate.settings.lane_labels)


def _require_exercise(gate: Gate) -> None:
    if not gate.is_exercise:
        raise ActionRefusedError(NO_DRILL, http_code=404)
