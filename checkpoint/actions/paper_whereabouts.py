"""An alarm on paper that is entered later: is its person still here? The room is not filled with who has long gone.

Whoever is here goes on as from the lane. Whoever was handed over is on the road until the facility confirms: nobody is
lost between. Of whoever left the record says that they left the gate's care, referred; how it is known is sealed. The
reading, the alarm and the referral stay as they are, for the report and for CDC.
"""

from uuid import UUID

from checkpoint.actions.gate import Turn
from checkpoint.actions.handing_over import DepartCommand, depart
from checkpoint.actions.rechecking import require_crossing
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.releasing import DischargeCommand, write_departure
from checkpoint.isolation.case import CasePath
from checkpoint.store.crossings import CrossingRow
from checkpoint.store.isolation import StoredCase, put_case
from sync.agreement.shift_words import PaperWhereabouts
from sync.agreement.vocabulary import Disposition

ALARMS = frozenset({Disposition.REFERRED, Disposition.PENDING})
"""How a crossing from paper stands when somebody has to look after its person."""


def require_whereabouts(whereabouts: PaperWhereabouts | None, *, words: str | None) -> None:
    """Refuse an alarm of which nobody says where its person is now; who is not here needs words."""
    if whereabouts is None or (whereabouts is not PaperWhereabouts.HERE and not words):
        code = "paper_whereabouts_missing"
        raise ActionRefusedError(code, http_code=422)


def write_gone(
    turn: Turn, written: Turn, crossing_id: str, *, whereabouts: PaperWhereabouts | None, words: str
) -> None:
    """Write that the person of a raised line is not here: handed over when the line was written, or gone.

    ``words``: to which facility, or how it is known. Escort and vehicle are nobody's knowledge any more.
    """
    if whereabouts is not PaperWhereabouts.HANDED_OVER:
        command = DischargeCommand(disposition=Disposition.REFERRED, destination="", reason=words)
        write_departure(turn, require_crossing(turn, crossing_id), command)
        return
    case = StoredCase(path=CasePath(opened_at=written.at))
    put_case(turn.transaction, crossing_id, case=case, at=written.at)
    handed = DepartCommand(act_id=UUID(crossing_id), destination=words, escort_names="", escorts=0, vehicle_plate="")
    depart(written, crossing_id, handed)


def is_where_it_was_said(row: CrossingRow, whereabouts: PaperWhereabouts | None) -> bool:
    """Tell whether a line that is sent again still says where its person went when it was first entered."""
    if whereabouts is PaperWhereabouts.LEFT:
        return not row.is_open
    return whereabouts is not PaperWhereabouts.HANDED_OVER or (
        row.disposition is Disposition.REFERRED and row.place_id is None
    )
