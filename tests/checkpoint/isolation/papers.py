"""The papers of somebody in the isolation room, as an officer at a real edge prints them now."""

from checkpoint.actions.case_papers import case_for_paper, office_of
from checkpoint.actions.issuing_slips import catalogue
from checkpoint.papers.case_words import order_paper
from checkpoint.papers.orders import Paper
from tests.checkpoint.isolation.people import LegalEdge


def printed(edge: LegalEdge, crossing_id: str, topic: str) -> Paper:
    """One paper as it would be printed now."""
    asked = edge.gate.perform(lambda turn: case_for_paper(turn, crossing_id, topic=topic), officer_ref="canbo")
    office, labels = office_of(edge.gate), catalogue("vi")
    return order_paper(asked.result(10), topic=topic, office=office, labels=labels, at=edge.clock())
