"""How this edge names its cookies: a drill's stand beside the real edge's in one browser.

A browser sends a cookie to every port of a host. With one name, signing in to the drill would end the sign-in at the
real edge of the same workstation, and a screen paired with the one would be asked for by the other.
"""

from checkpoint.actions.gate import Gate


def cookie_at(gate: Gate, name: str) -> str:
    """Return the plain name of a cookie at this edge."""
    return f"{name}-drill" if gate.is_exercise else name
