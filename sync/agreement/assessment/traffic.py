"""Traffic orders: who may pass here, for what, in which hours and how many (R012); local time, to the minute."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import NamedTuple

import msgspec

from sync.agreement.assessment.findings import Case, Finding, Rank, Values, found
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.policy import Rule
from sync.agreement.policy.lane_rules import TrafficOrder
from sync.agreement.vocabulary import OrderState, ReasonCode, TravellerCategory


class _Counted(NamedTuple):
    today: int
    this_hour: int


def traffic_findings(case: Case) -> Iterator[Finding]:
    """Hold the orders against who wants to pass; who was intercepted asks for no passage (R016, R039)."""
    if case.facts.category is TravellerCategory.ILLEGAL_CROSSING:
        yield found(ReasonCode.INTERCEPTED, rank=Rank.CLEAR, rule=_duty_of_category(case))
        return
    for order in case.rules.traffic_orders:
        if order.state is not OrderState.OPEN and order.applies_to.covers(case.facts):
            yield from _held_against(case, order)


def _held_against(case: Case, order: TrafficOrder) -> Iterator[Finding]:
    redirect_to = _gate_instead(case, order)
    instead: Values = {} if redirect_to is None else {"redirect_to": redirect_to}
    refusals = list(_refusals(case, order))
    for code, values in refusals:
        yield found(code, rank=Rank.REFUSE, rule=order, values={**values, **instead})._replace(redirect_to=redirect_to)
    if not refusals:
        values = {} if order.quota_per_day is None else {"quota_per_day": order.quota_per_day}
        yield found(ReasonCode.TRAFFIC_RESTRICTED, rank=Rank.CLEAR, rule=order, values={**values, **instead})
    if order.has_quota:
        yield _count(case, order)


def _gate_instead(case: Case, order: TrafficOrder) -> str | None:
    """Return where the order sends people, unless that is here, or an order in force stops these people there too.

    Of another gate only the id is known: an order for a kind of place or a locality is not held against it.
    """
    gate = order.redirect_to
    if gate is None or gate == case.facts.point_of_entry_id:
        return None
    there = msgspec.structs.replace(case.facts, point_of_entry_id=gate)
    stopped = (one.applies_to for one in case.rules.traffic_orders if one.state is OrderState.STOPPED)
    for scope in stopped:
        is_of_place = gate in scope.point_of_entry_ids
        is_everywhere = not (scope.point_of_entry_ids or scope.point_of_entry_kinds or scope.localities)
        if (is_of_place or is_everywhere) and scope.covers(there):
            return None
    return gate


def _refusals(case: Case, order: TrafficOrder) -> Iterator[tuple[ReasonCode, Values]]:
    """Every ground on which the order refuses, each with what the officer has to say."""
    if order.state is OrderState.STOPPED:
        yield ReasonCode.TRAFFIC_STOPPED, {}
        return
    if order.purposes and case.facts.purpose not in order.purposes:
        yield ReasonCode.PURPOSE_NOT_ALLOWED, {"purpose": str(case.facts.purpose)}
    if order.opens_at is not None and order.closes_at is not None and not _is_open_hour(order, case.at):
        hours: Values = {"from_hour": _hour(order.opens_at), "to_hour": _hour(order.closes_at)}
        yield ReasonCode.OUTSIDE_HOURS, hours
    counted = _counted(case, order)
    if order.quota_per_day is not None and counted.today >= order.quota_per_day:
        yield ReasonCode.QUOTA_REACHED, {"quota_per_day": order.quota_per_day}
    if order.quota_per_hour is not None and counted.this_hour >= order.quota_per_hour:
        yield ReasonCode.QUOTA_OF_HOUR_REACHED, {"quota_per_hour": order.quota_per_hour}


def _count(case: Case, order: TrafficOrder) -> Finding:
    """Say what the quota was held against: the officer sees it coming, and the record shows it."""
    counted = _counted(case, order)
    values: Values = {"counted_today": counted.today, "counted_this_hour": counted.this_hour}
    return found(ReasonCode.QUOTA_COUNTED, rank=Rank.CLEAR, rule=order, values=values)


def _counted(case: Case, order: TrafficOrder) -> _Counted:
    """How many the order already let pass; of facts that were not counted so finely, the most it can have been."""
    facts = case.facts
    if not facts.crossings_counted:
        return _Counted(facts.same_category_crossings_today, facts.same_category_crossings_today)
    meant = [
        each
        for each in facts.crossings_counted
        if order.applies_to.covers_people(category=each.category, direction=each.direction)
    ]
    return _Counted(sum(each.today for each in meant), sum(each.this_hour for each in meant))


def _is_open_hour(order: TrafficOrder, at: datetime) -> bool:
    if order.opens_at is None or order.closes_at is None:
        return True
    now = at.astimezone(VIETNAM_TIME).time()
    if order.opens_at <= order.closes_at:
        return order.opens_at <= now < order.closes_at
    return now >= order.opens_at or now < order.closes_at


def _hour(local: time) -> str:
    return f"{local:%H:%M}"


def _duty_of_category(case: Case) -> Rule | None:
    duties = case.rules.measurement_duties
    return next((duty for duty in duties if case.facts.category in duty.applies_to.categories), None)
