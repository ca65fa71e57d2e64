"""The command page's interface: today per gate, who is silent, and which orders hold. No rows, ever."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from central.actions.opening import Centre
from central.report.daily_report import COUNTED, PROVINCE, Figures, Identity, identities_of
from central.rollup import Figure
from central.routes.answers import answer, run_in_thread
from central.store.desk import DeskCase
from central.store.figures import DayFigures, GateFigures
from sync.agreement.deployment import PointOfEntry, closing_order
from sync.agreement.policy.lane_rules import ScenarioDeclared, TrafficOrder
from sync.agreement.vocabulary import Direction, Disposition
from web.roles import require

_WEEK = timedelta(days=7)


class CommandRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/command", tags=["command"])
        see = [require("command.see")]
        router.add_api_route("/figures", self.show_figures, methods=["GET"], dependencies=see, response_model=None)
        return router

    async def show_figures(self) -> Response:
        """Answer today's figures per gate, as of the last contact with each."""
        return answer(await run_in_thread(self._figures))

    def _figures(self) -> dict[str, object]:
        centre, now = self._centre, self._centre.clock()
        day = centre.report_day(now)
        store = centre.store
        today, last_week = store.figures.of_day(day), store.figures.of_day(day - _WEEK)
        gates = [self._gate(point, today=today, now=now) for point in centre.deployment.points_on(day)]
        broken = [one for one in _identities(today, shown=gates) if not one.holds]
        contacts = [edge.last_contact_at for edge in today.edges if edge.last_contact_at is not None]
        return {
            "as_of": min(contacts, default=None),
            "now": now,
            "report_day": day,
            "cut_off_hour": centre.deployment.cut_off_hour,
            "province": centre.deployment.names,
            "scenario": self._scenario(now),
            "ledger": {"position": today.ledger_position, "verified_at": None},
            "totals": today.totals,
            "identities_hold": not broken,
            "broken_identities": [self._broken(one) for one in broken],
            "directions": _directions(today.gates.values()),
            "last_week": {"crossings": last_week.totals[Figure.CROSSINGS]},
            "isolation": _isolation(store.desk.cases(now=now), now=now),
            "gates": gates,
            "hours": store.figures.by_hour(day),
            "hours_last_week": store.figures.by_hour(day - _WEEK),
            "orders": self._orders(now),
        }

    def _gate(self, point: PointOfEntry, *, today: DayFigures, now: datetime) -> dict[str, object]:
        """One gate's line: no figures at all (never zeros) where nothing was ever heard today."""
        contact = today.last_contact_at(point.id)
        silent_after = timedelta(minutes=self._centre.settings.centre.silent_after_min)
        has_edge = any(edge.point_of_entry_id == point.id for edge in today.edges)
        is_silent = has_edge and (contact is None or now - contact > silent_after)
        counted = today.gates.get(point.id)
        order = closing_order(point, self._centre.policy, at=now)
        redirect_to = order.redirect_to if isinstance(order, TrafficOrder) else None
        directions = {} if counted is None else counted.by_direction
        return {
            "point_of_entry_id": point.id,
            "name": point.names,
            "kind": point.kind,
            "figures": self._figures_or_none(counted, contact=contact),
            "entry": directions.get(Direction.ENTRY),
            "exit": directions.get(Direction.EXIT),
            "last_received_at": contact,
            "is_silent": is_silent,
            "silent_since": contact if is_silent else None,
            "is_suspended": order is not None,
            "redirect_to": None if redirect_to is None else self._centre.deployment.point_of_entry(redirect_to).names,
            "redirected": 0 if counted is None else counted.figures[Figure.REDIRECTED],
        }

    def _figures_or_none(self, counted: GateFigures | None, *, contact: datetime | None) -> dict[Figure, int] | None:
        if counted is not None:
            return counted.figures
        is_heard_today = contact is not None and self._centre.report_day(contact) == self._centre.report_day()
        return dict.fromkeys(Figure, 0) if is_heard_today else None

    def _scenario(self, now: datetime) -> dict[str, object] | None:
        """Return the gravest response scenario declared for any of our gates, or ``None`` where none is."""
        points = self._centre.deployment.points_on(self._centre.report_day(now))
        declared = [
            (rule, [point.names for point in points if _covers(rule, point=point)])
            for rule in self._centre.policy.rules_at(now).of_type(ScenarioDeclared)
        ]
        found = max(declared, key=lambda one: (bool(one[1]), one[0].scenario), default=None)
        if found is None or not found[1]:
            return None
        rule, names = found
        return {
            "scenario": rule.scenario,
            "from": rule.effective_from,
            "to": rule.effective_to,
            "document": rule.citation.document,
            "clause": rule.citation.clause,
            "gates": names if len(names) < len(points) else None,
        }

    def _broken(self, identity: Identity) -> dict[str, object]:
        """Say which equation fails and where; the province itself has no gate's name."""
        is_province = identity.scope == PROVINCE
        names = None if is_province else self._centre.deployment.point_of_entry(identity.scope).names
        return {
            "gate": names,
            "figure": identity.left_name,
            "left": identity.left,
            "right": identity.right,
        }

    def _orders(self, now: datetime) -> list[dict[str, object]]:
        rules = self._centre.policy.rules_at(now).traffic_orders
        return [
            {
                "order_id": rule.rule_id,
                "title": rule.citation.quote,
                "document": rule.citation.document,
                "clause": rule.citation.clause,
                "state": rule.state,
                "from": rule.effective_from,
                "to": rule.effective_to,
                "reached": None,
                "gates": None,
                "applied": None,
            }
            for rule in rules
        ]


def _covers(rule: ScenarioDeclared, *, point: PointOfEntry) -> bool:
    return rule.applies_to.covers_place(point_of_entry_id=point.id, kind=point.kind, locality=point.locality)


def _identities(today: DayFigures, *, shown: Iterable[dict[str, object]]) -> tuple[Identity, ...]:
    """Hold what the page shows to the report's own equations: a gate left out would not add up."""
    ids = [str(gate["point_of_entry_id"]) for gate in shown]
    by_gate = {name: _report_figures(today.gates[name].figures) for name in ids if name in today.gates}
    return identities_of(by_gate, totals=_report_figures(today.totals))


def _report_figures(counted: Mapping[Figure, int]) -> Figures:
    return Figures(**{name: counted[Figure(name)] for name in COUNTED})


def _directions(gates: Iterable[GateFigures]) -> dict[Direction, int]:
    sums = dict.fromkeys(Direction, 0)
    for gate in gates:
        for direction, count in gate.by_direction.items():
            sums[direction] += count
    return sums


def _isolation(cases: Iterable[DeskCase], *, now: datetime) -> dict[str, object]:
    """Count who is in an isolation room now, and for how long at most."""
    isolated = [case.crossing for case in cases if case.crossing.disposition is Disposition.ISOLATED]
    starts = [clock.started_at for state in isolated for clock in state.clocks]
    longest_s = int((now - min(starts, default=now)).total_seconds())
    return {"occupied": len(isolated), "places": None, "longest_s": longest_s if isolated else None}
