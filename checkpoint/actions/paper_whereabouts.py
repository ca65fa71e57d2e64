"""An alarm on paper that is entered later: is its person still here? The room is not filled with who has long gone.

Whoever is here goes on as from the lane. Of the others the record says that they left the gate's care, referred; where
to, or how it is known, is sealed. The reading, the alarm and the referral stay as they are, for the report and for CDC.
"""

from checkpoint.actions.gate import Turn
from checkpoint.actions.rechecking import require_crossing
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.releasing import DischargeCommand, write_departure
from sync.agreement.shift_words import PaperWhereabouts
from sync.agreement.vocabulary import Disposition

ALARMS = frozenset({Disposition.REFERRED, Disposition.PENDING})
"""How a crossing from paper stands when somebody has to look after its person."""


def require_whereabouts(whereabouts: PaperWhereabouts | None, *, words: str | None) -> None:
    """Refuse an alarm of which nobody says where its person is now; who is not here needs words."""
    if whereabouts is None or (whereabouts is not PaperWhereabouts.HERE and not words):
        code = "paper_whereabouts_missing"
        raise ActionRefusedError(code, http_code=422)


def write_gone(turn: Turn, crossing_id: str, *, whereabouts: PaperWhereabouts | None, words: str) -> None:
    """Write that the person of a raised line has left the gate: handed over then, or gone."""
    destination = words if whereabouts is PaperWhereabouts.HANDED_OVER else ""
    command = DischargeCommand(disposition=Disposition.REFERRED, destination=destination, reason=words)
    write_departure(turn, require_crossing(turn, crossing_id), command)
