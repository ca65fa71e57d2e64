"""What docs/DRILL.md draws from the code: the scenarios, the acts that can be expected, and how they are proven."""

from checkpoint.drill import load_scenario, scenario_names
from checkpoint.drill.acts import ACTS
from checkpoint.drill.timeline import LATE_COUNTS
from tests.document_parts import labels


def scenario_table() -> str:
    """Each scenario of the program with its situations, its expected acts and its points."""
    rows = ["| scenario | title (vi / en) | situations | expected acts | points | places |", "|" + "---|" * 6]
    for name in scenario_names():
        scenario = load_scenario(name)
        expected = [one for inject in scenario.inject for one in inject.expect]
        points = sum(one.points for one in expected)
        title = f"{scenario.title.vi} / {scenario.title.en}"
        places = len(scenario.places)
        rows.append(f"| `{name}` | {title} | {len(scenario.inject)} | {len(expected)} | {points} | {places} |")
    return "\n".join(rows)


def act_table() -> str:
    """Each act with its words and the record that proves it."""
    words = {language: labels(language)["drill_act"] for language in ("vi", "en")}
    rows = ["| act | shown as (vi / en) | proven by the record | that says |", "|" + "---|" * 4]
    for word, act in ACTS.items():
        said = ", ".join(f"`{path}` = `{value}`" for path, value in act.where) or "-"
        rows.append(f"| `{word}` | {words['vi'][word]} / {words['en'][word]} | `{act.record}` | {said} |")
    return "\n".join(rows)


def score_rule() -> str:
    """How an act is scored."""
    return f"An act within its limit earns all its points, a late one {LATE_COUNTS:.0%} of them, a missed one none."
