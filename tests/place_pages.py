"""What docs/PLACES.md draws from the code: what each kind of place asks for, and the states of a party."""

from checkpoint.places import MOVES, PartyState
from sync.agreement.policy import load_policy_document
from sync.agreement.policy.place_rules import SiteProfile
from tests.document_parts import labels


def profile_table() -> str:
    """Each profile of the procedure with the clause it rests on."""
    words = labels("en")
    rows = ["| places | asks for | conveyances | documents | directions | clause |", "|" + "---|" * 6]
    for rule in load_policy_document("procedure-screening").rules:
        if isinstance(rule, SiteProfile):
            cells = (
                ", ".join(words["PointOfEntryKind"][kind] for kind in rule.point_of_entry_kinds),
                ", ".join(words["PlaceStep"][step] for step in rule.steps),
                ", ".join(words["ConveyanceKind"][kind] for kind in rule.conveyances) or "-",
                ", ".join(words["DocumentKind"][kind] for kind in rule.documents),
                ", ".join(words["Direction"][direction] for direction in rule.directions),
                f"{rule.citation.document}, {rule.citation.clause}",
            )
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def party_picture() -> str:
    """The states of a party as a diagram; moves that leave the state as it is stand on it too."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {PartyState.OPEN.value}"]
    lines += [f"    {before.value} --> {after.value}: {event.value}" for (before, event), after in MOVES.items()]
    return "\n".join([*lines, f"    {PartyState.CLOSED.value} --> [*]", "```"])
