"""Which papers fit where a person stands on the path of an isolation. Pure."""

from checkpoint.isolation.case import IsolationCase, is_foreign
from checkpoint.isolation.path import PathState


def papers_for(case: IsolationCase) -> tuple[str, ...]:
    """Return the topics of the papers that can be made from a case now, in the order in which they are written.

    A paper is there from the step on that needs it signed: the order while it is being decided, the hand-over record
    before the vehicle leaves, the confirmation once it is over. Nothing is made about a person who was erased.
    """
    path = case.path
    if case.is_erased:
        return ()
    is_ordered = path.decided_at is not None and not path.is_declined
    offered = {
        "isolation_list": path.proposed_at is not None,
        "gate_isolation_order": is_ordered or path.state is PathState.PROPOSED,
        "consular_notice": is_ordered and is_foreign(case.nationality, document_kind=case.document_kind),
        "compulsory_isolation_order": path.refused_at is not None,
        "handover_record": is_ordered or path.departed_at is not None,
        "isolation_completed": is_ordered and path.state is PathState.RELEASED,
    }
    return tuple(topic for topic, fits in offered.items() if fits)
