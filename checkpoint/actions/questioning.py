"""What the officer asks the person in the lane: about places and times that a directive names (R075)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from checkpoint.actions.assessing import lane_facts
from checkpoint.actions.gate import Gate
from checkpoint.lane import LaneState
from sync.agreement.facts import Citation


class PlaceQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Whether they were at this place between these instants; ``was_there`` is ``None`` until they answered."""

    place: str
    names: Mapping[str, str]
    was_from: datetime
    was_to: datetime
    was_there: bool | None
    citation: Citation


def place_questions(gate: Gate, state: LaneState, *, at: datetime) -> tuple[PlaceQuestion, ...]:
    """Return what the person in the lane is to be asked, with what they answered or declared already."""
    rules = gate.policy.rules_at(at)
    if state.presentation is None or not rules.exposure_places:
        return ()
    answers = {answer.place: answer.was_there for answer in state.person.place_answers}
    return tuple(
        PlaceQuestion(
            place=rule.place,
            names=msgspec.to_builtins(rule.names),
            was_from=rule.was_from,
            was_to=rule.was_to,
            was_there=answers.get(rule.place),
            citation=rule.citation,
        )
        for rule in rules.places_asked_of(lane_facts(gate, state, at=at), at=at)
    )
