"""What docs/REGISTER.md draws from the code: the states of a pass, and which reasons fit each move."""

from checkpoint.register.passes import MOVES, REASONS
from sync.agreement.vocabulary import PassState


def pass_picture() -> str:
    """The states of a pass as a diagram; expiry is the clock's, everything else an officer's."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> valid", "    valid --> expired: the day after its last day"]
    lines += [f"    {before.value} --> {after.value}: {move.value}" for (before, move), after in MOVES.items()]
    return "\n".join([*lines, f"    {PassState.REPLACED.value} --> [*]", "```"])


def pass_table() -> str:
    """Each move with the states it starts from and the reason codes that fit."""
    lines = ["| move | from | to | reasons |", "|---|---|---|---|"]
    for move, reasons in REASONS.items():
        before = ", ".join(state.value for (state, its) in MOVES if its is move)
        after = next(state.value for (_, its), state in MOVES.items() if its is move)
        lines.append(f"| {move.value} | {before} | {after} | {', '.join(reason.value for reason in reasons)} |")
    return "\n".join(lines)
