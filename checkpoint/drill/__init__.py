"""Drills: scripts as TOML, what is expected of the officers, and the timeline that scores it. Pure."""

from checkpoint.drill.scenario import Scenario, ScenarioError, load_scenario, scenario_names
from checkpoint.drill.timeline import Line, LineState, Timeline, timeline_of
from checkpoint.drill.witness import Noted, noted

__all__ = [
    "Line",
    "LineState",
    "Noted",
    "Scenario",
    "ScenarioError",
    "Timeline",
    "load_scenario",
    "noted",
    "scenario_names",
    "timeline_of",
]
