"""What docs/ISOLATION.md draws from the code: the path's states, and the legal clocks of both packs."""

from checkpoint.isolation.path import ENDS, MOVES, NEXT_STEP, RECORD_OF, PathState
from sync.agreement.policy import load_policy_document
from sync.agreement.policy.legal_rules import ClockRule
from tests.document_parts import labels

PACKS = ("law-vn-2026", "law-vn-2020", "procedure-screening")


def path_picture() -> str:
    """Mermaid picture of the moves that change a state; those that change none stand in the table."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {PathState.ALARMED.value}"]
    lines += [
        f"    {state.value} --> {to.value}: {event.value}" for (state, event), to in MOVES.items() if to is not state
    ]
    lines += [f"    {state.value} --> [*]" for state in PathState if state in ENDS]
    return "\n".join([*lines, "```"])


def path_table() -> str:
    """Each state with its words, what comes next, and every act allowed there with the record that proves it."""
    words = {language: labels(language)["isolation_room"] for language in ("vi", "en")}
    rows = ["| state | shown as | next | allowed acts (record) |", "|---|---|---|---|"]
    for state in PathState:
        acts = [f"`{event.value}` ({RECORD_OF[event]})" for (at, event) in MOVES if at is state]
        shown = " / ".join(words[language][f"state_{state.value}"] for language in ("vi", "en"))
        ahead = NEXT_STEP.get(state)
        rows.append(
            f"| `{state.value}` | {shown} | {f'`{ahead.value}`' if ahead else '-'} | {', '.join(acts) or '-'} |"
        )
    return "\n".join(rows)


def clock_table() -> str:
    """The legal clocks of one person at the gate as the packs say them."""
    rows = [
        "| pack | clock | starts with | limit | may be extended by | who acts | when it runs out | clause |",
        "|" + "---|" * 8,
    ]
    for pack in PACKS:
        for rule in load_policy_document(pack).rules:
            if isinstance(rule, ClockRule):
                cells = (
                    pack,
                    f"`{rule.clock.value}`",
                    rule.starts_with.value,
                    _duration(rule.limit_s),
                    _duration(rule.extension_s) if rule.extension_s else "-",
                    rule.who_acts.value,
                    rule.on_expiry.value,
                    f"{rule.citation.document}, {rule.citation.clause}",
                )
                rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _duration(seconds: int) -> str:
    if seconds == 0:
        return "at once"
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
