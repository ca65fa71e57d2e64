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
    """Return where the order sends people, unless that is here, or an order in force refuses these people there too.

    What another gate has let pass of its quotas is not known here. Nor is a gate that the deployment does not describe:
    of that one the id alone is held against the orders. The hours and purposes of the order itself are those of here.
    """
    gate = order.redirect_to
    if gate is None or gate == case.facts.point_of_entry_id:
        return None
    known = case.rules.gates.get(gate)
    there = case.facts if known is None else known.seen_there(case.facts, gate_id=gate)
    there = msgspec.structs.replace(there, point_of_entry_id=gate)
    refusing = (one.applies_to for one in case.rules.traffic_orders if _refuses(case, one, but=order))
    if known is None:
        refusing = (scope for scope in refusing if not (scope.point_of_entry_kinds or scope.localities))
    return None if any(scope.covers(there) for scope in refusing) else gate


def _refuses(case: Case, order: TrafficOrder, *, but: TrafficOrder) -> bool:
    """Whether an order refuses these people now at any gate in its scope, whatever was counted there."""
    return order.state is OrderState.STOPPED or (order is not but and any(_conditions_missed(case, order)))


def _refusals(case: Case, order: TrafficOrder) -> Iterator[tuple[ReasonCode, Values]]:
    """Every ground on which the order refuses, each with what the officer has to say."""
    if order.state is OrderState.STOPPED:
        yield ReasonCode.TRAFFIC_STOPPED, {}
        return
    yield from _conditions_missed(case, order)
    counted = _counted(case, order)
    if order.quota_per_day is not None and counted.today >= order.quota_per_day:
        yield ReasonCode.QUOTA_REACHED, {"quota_per_day": order.quota_per_day}
    if order.quota_per_hour is not None and counted.this_hour >= order.quota_per_hour:
        yield ReasonCode.QUOTA_OF_HOUR_REACHED, {"quota_per_hour": order.quota_per_hour}


def _conditions_missed(case: Case, order: TrafficOrder) -> Iterator[tuple[ReasonCode, Values]]:
    """Every condition of an order that has nothing to do with how many have passed."""
    if order.purposes and case.facts.purpose not in order.purposes:
        yield ReasonCode.PURPOSE_NOT_ALLOWED, {"purpose": str(case.facts.purpose)}
    if order.opens_at is not None and order.closes_at is not None and not _is_open_hour(order, case.at):
        hours: Values = {"from_hour": _hour(order.opens_at), "to_hour": _hour(order.closes_at)}
        yield ReasonCode.OUTSIDE_HOURS, hours


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
