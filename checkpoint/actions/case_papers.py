"""The papers of one isolation, from the case as it stands; who issues them says the deployment, the law the policy."""

from datetime import datetime
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.isolation_board import isolation_case
from checkpoint.actions.issuing_slips import catalogue
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.isolation.case import IsolationCase
from checkpoint.papers.case_words import Office, order_paper
from checkpoint.papers.offered import papers_for
from checkpoint.papers.typesetting import typeset_pdf
from checkpoint.papers.word_file import paper_docx
from checkpoint.store.lanes import log_access

FORMS: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
"""The forms a paper comes in, with their media types."""


def offered_papers(turn: Turn, crossing_id: str) -> tuple[str, ...]:
    """Return which papers fit a case now; who asked stands in the access log."""
    return papers_for(isolation_case(turn, crossing_id))


def case_for_paper(turn: Turn, crossing_id: str, *, topic: str) -> IsolationCase:
    """Return the case that a paper is made from, and note who took which paper; refuses one that does not fit."""
    case = isolation_case(turn, crossing_id)
    if topic not in papers_for(case):
        code = "no_such_paper"
        raise ActionRefusedError(code, http_code=404)
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="paper_taken",
        subject=crossing_id,
        reason=topic,
    )
    return case


def paper_file(gate: Gate, case: IsolationCase, *, topic: str, form: str, at: datetime) -> bytes:
    """Make one paper as ``pdf`` or ``docx``."""
    paper = order_paper(case, topic=topic, office=office_of(gate), labels=catalogue("vi"), at=at)
    if form == "docx":
        return paper_docx(paper, at=at)
    return typeset_pdf("order", values=msgspec.to_builtins(paper), at=at)


def office_of(gate: Gate) -> Office:
    """Return what is the same on every paper of this gate."""
    report = gate.deployment.report
    return Office(
        parent_body=report.parent_body,
        issuing_body=report.issuing_body,
        gate_parent_body=f"Ủy ban nhân dân {gate.deployment.names.vi}",
        gate_body=gate.place.gate_body or f"Cơ quan quản lý {gate.place.names['vi']}",
        place=report.place,
        law_title=gate.policy.law.title.vi,
        is_exercise=gate.is_exercise,
    )
