"""Whether an order's shares fit its gate and its quotas, said in words that an author can act on. Pure.

The rule itself refuses shares that do not add up, wherever the document comes from. The form is checked before that:
it knows the edges of the gate, and names the one that is wrong.
"""

from collections.abc import Iterable

from central.actions.order_form import FormShare, OrderForm
from central.actions.ordering import OrderRefusedError


def check_shares(form: OrderForm, *, edges_of_gates: Iterable[tuple[str, str]]) -> None:
    """Refuse shares that miss an edge, name a strange one or give more than there is.

    ``edges_of_gates``: (point of entry, edge) of every edge that counts. Raises ``OrderRefusedError``.
    """
    if not form.shares:
        return
    if len(form.point_of_entry_ids) != 1:
        raise OrderRefusedError(code="shares_need_one_gate", detail=", ".join(form.point_of_entry_ids))
    if form.quota_per_day is None and form.quota_per_hour is None:
        raise OrderRefusedError(code="shares_need_quota", detail="quota_per_day, quota_per_hour")
    _check_edges(form.shares, known={edge_id for gate, edge_id in edges_of_gates if gate in form.point_of_entry_ids})
    _check_sum([(one.edge_id, one.per_day) for one in form.shares], quota=form.quota_per_day)
    _check_sum([(one.edge_id, one.per_hour) for one in form.shares], quota=form.quota_per_hour)


def _check_edges(shares: tuple[FormShare, ...], *, known: set[str]) -> None:
    named = [one.edge_id for one in shares]
    for edge_id in named:
        if edge_id not in known or named.count(edge_id) > 1:
            raise OrderRefusedError(code="share_of_no_edge", detail=edge_id)
    if known - set(named):
        raise OrderRefusedError(code="edge_without_share", detail=", ".join(sorted(known - set(named))))


def _check_sum(places: list[tuple[str, int | None]], *, quota: int | None) -> None:
    for edge_id, place in places:
        if (place is None) != (quota is None):
            raise OrderRefusedError(code="share_without_number", detail=edge_id)
    total = sum(place or 0 for _, place in places)
    if quota is not None and total > quota:
        raise OrderRefusedError(code="shares_exceed_quota", detail=f"{total} > {quota}")
