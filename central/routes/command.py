"""The command page's interface: today per gate, who is silent, and which orders hold. No person's row, ever."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from central.actions.opening import Centre
from central.ledger import PLAUSIBLE_YEARS
from central.report.daily_report import COUNTED, PROVINCE, Figures, Identity, identities_of
from central.rollup import Figure, standing
from central.routes.answers import answer, refuse, run_in_thread
from central.routes.gate_sheet import GATE_COLUMNS, gate_row
from central.routes.sheets import csv_answer
from central.store.desk import DeskCase
from central.store.device_standing import DeviceStanding
from central.store.downlink import DownCursor
from central.store.figures import DayFigures, EdgeStanding, GateFigures
from central.store.gate_reading import CoverageRow, GateCountRow, coverage_by_gate
from central.store.issued import Issued
from sync.agreement.deployment import PointOfEntry, closing_order, report_period
from sync.agreement.device_words import GOOD_CONDITIONS
from sync.agreement.policy import PolicyDocument
from sync.agreement.policy.lane_rules import ScenarioDeclared, TrafficOrder
from sync.agreement.vocabulary import Direction, Disposition, RecordDisposition
from web.roles import require

_WEEK = timedelta(days=7)
_COUNT_AGAIN_AFTER = timedelta(seconds=30)


class CommandRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre
        self._counted: tuple[object, datetime, dict[str, int]] | None = None
        self._devices: tuple[datetime, dict[str, list[DeviceStanding]]] | None = None
        self._held_back: tuple[datetime, dict[str, dict[RecordDisposition, int]]] | None = None

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/command", tags=["command"])
        see = [require("command.see")]
        router.add_api_route("/coverage.csv", self.export_coverage, dependencies=see, response_model=None)
        router.add_api_route("/gates.csv", self.export_gates, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route("/figures", self.show_figures, methods=["GET"], dependencies=see, response_model=None)
        return router

    async def show_figures(self) -> Response:
        """Answer today's figures per gate, as of the last contact with each."""
        return answer(await run_in_thread(self._figures))

    async def export_gates(self) -> Response:
        """Answer the gates' lines of the running day as a CSV file: what is not known stays empty, never nought."""
        shown = await run_in_thread(self._figures)
        rows = [gate_row(shown["report_day"], gate) for gate in shown["gates"]]
        return csv_answer(f"cua-khau-{shown['report_day']}.csv", head=GATE_COLUMNS, rows=rows)

    async def export_coverage(self, day: date | None = None, gate: str | None = None) -> Response:
        """Answer the reconciled hours behind the figure of a day, lane by lane, as a CSV file."""
        asked = day or self._centre.report_day()
        if asked.year not in PLAUSIBLE_YEARS:
            return refuse("report_unknown", http_code=404)
        rows = await run_in_thread(lambda: self._coverage_rows(asked, gate=gate))
        name = f"do-phu-{asked.isoformat()}.csv"
        return csv_answer(name, head=CoverageRow.__struct_fields__, rows=map(msgspec.structs.astuple, rows))

    def _coverage_rows(self, day: date, *, gate: str | None = None) -> list[CoverageRow]:
        since, until = report_period(day, cut_off_hour=self._centre.deployment.cut_off_hour)
        return self._centre.store.gates.coverage_rows(since=since, until=until, point_of_entry_id=gate)

    def _figures(self) -> dict[str, Any]:
        centre, now = self._centre, self._centre.clock()
        day = centre.report_day(now)
        store = centre.store
        today, last_week = store.figures.of_day(day), store.figures.of_day(day - _WEEK)
        covered, counted = coverage_by_gate(self._coverage_rows(day)), _by_gate(store.gates.counts(day))
        bad_devices = self._bad_devices(day, now=now)
        gates = [
            self._gate(point, today=today, now=now)
            | {"coverage": covered.get(point.id), "beside": counted.get(point.id, {})}
            | {"devices": bad_devices.get(point.id, [])}
            for point in centre.deployment.points_on(day)
        ]
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
            "standing": standing(today.totals),
            "identities_hold": not broken,
            "broken_identities": [self._broken(one) for one in broken],
            "directions": _directions(today.gates.values()),
            "last_week": {"crossings": standing(last_week.totals)},
            "isolation": _isolation(store.desk.cases(now=now), now=now),
            "gates": gates,
            "hours": store.figures.by_hour(day),
            "hours_last_week": store.figures.by_hour(day - _WEEK),
            "orders": self._orders(now, day=day),
        }

    def _gate(self, point: PointOfEntry, *, today: DayFigures, now: datetime) -> dict[str, object]:
        """One gate's line: no figures at all (never zeros) where nothing was ever heard today."""
        contact = today.last_contact_at(point.id)
        silent_after = timedelta(minutes=self._centre.settings.centre.silent_after_min)
        has_edge = any(edge.point_of_entry_id == point.id for edge in today.edges)
        is_silent = has_edge and (contact is None or now - contact > silent_after)
        counted = today.gates.get(point.id)
        pending = today.pending_records(point.id, until=now)
        order = closing_order(point, self._centre.policy, at=now)
        redirect_to = order.redirect_to if isinstance(order, TrafficOrder) else None
        directions = {} if counted is None else counted.by_direction
        return {
            "point_of_entry_id": point.id,
            "name": point.names,
            "kind": point.kind,
            "figures": self._figures_or_none(counted, contact=contact, pending=pending),
            "pending_records": pending,
            "units": [
                self._unit(edge, now=now)
                for edge in today.edges
                if edge.point_of_entry_id == point.id and edge.revoked_at is None
            ],
            "entry": directions.get(Direction.ENTRY),
            "exit": directions.get(Direction.EXIT),
            "last_received_at": contact,
            "is_silent": is_silent,
            "silent_since": contact if is_silent else None,
            "is_suspended": order is not None,
            "redirect_to": None if redirect_to is None else self._centre.deployment.point_of_entry(redirect_to).names,
            "redirected": 0 if counted is None else counted.figures[Figure.REDIRECTED],
        }

    def _unit(self, edge: EdgeStanding, *, now: datetime) -> dict[str, object]:
        """One edge of a gate: how far its journal is here, and what is missing of it, as numbers."""
        held = self._held(now).get(edge.edge_id, {})
        return {
            "edge_id": edge.edge_id,
            "last_contact_at": edge.last_contact_at,
            "incarnation": edge.incarnation,
            "sequence": edge.sequence,
            "pending_records": edge.pending_records,
            "lost_records": edge.lost_records,
            "recovered_records": edge.recovered_records,
            "quarantined_records": held.get(RecordDisposition.QUARANTINED, 0),
            "unprojected_records": held.get(RecordDisposition.UNPROJECTED, 0),
        }

    def _bad_devices(self, day: date, *, now: datetime) -> dict[str, list[DeviceStanding]]:
        """Name the devices of each gate that are not well, at most every half minute."""
        if self._devices is None or abs(now - self._devices[0]) > _COUNT_AGAIN_AFTER:
            found: dict[str, list[DeviceStanding]] = defaultdict(list)
            for one in self._centre.store.gates.devices(day):
                if one.condition not in GOOD_CONDITIONS:
                    found[one.point_of_entry_id].append(one)
            self._devices = (now, found)
        return self._devices[1]

    def _held(self, now: datetime) -> dict[str, dict[RecordDisposition, int]]:
        """Count what is held back of each edge, at most every half minute."""
        if self._held_back is None or abs(now - self._held_back[0]) > _COUNT_AGAIN_AFTER:
            self._held_back = (now, self._centre.store.figures.held_of_edges())
        return self._held_back[1]

    def _figures_or_none(
        self, counted: GateFigures | None, *, contact: datetime | None, pending: int
    ) -> dict[Figure, int] | None:
        """No figures, and no zeros either, of a gate that says it has records and has not sent them yet."""
        if counted is not None:
            return counted.figures
        if pending:
            return None
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

    def _orders(self, now: datetime, *, day: date) -> list[dict[str, object]]:
        rules = self._centre.policy.rules_at(now).traffic_orders
        applied = self._applied(day, rule_ids=tuple(rule.rule_id for rule in rules), now=now)
        reach = self._reach()
        return [
            {
                "order_id": rule.rule_id,
                "title": rule.citation.quote,
                "document": rule.citation.document,
                "clause": rule.citation.clause,
                "state": rule.state,
                "from": rule.effective_from,
                "to": rule.effective_to,
                "applied": applied[rule.rule_id],
            }
            | reach.get(rule.rule_id, {"reached": None, "gates": None, "not_reached": []})
            for rule in rules
        ]

    def _applied(self, day: date, *, rule_ids: tuple[str, ...], now: datetime) -> dict[str, int]:
        """Count today's verdicts by each order, at most every half minute: it reads all of today's crossings."""
        asked = (day, rule_ids)
        if self._counted is None or self._counted[0] != asked or abs(now - self._counted[1]) > _COUNT_AGAIN_AFTER:
            counts = self._centre.store.figures.applied_rules(day, rule_ids=rule_ids)
            self._counted = (asked, now, counts)
        return self._counted[2]

    def _reach(self) -> dict[str, dict[str, object]]:
        """Say for each order issued by the centre which gates have fetched it; all edges of a gate must have."""
        by_gate: dict[str, list[DownCursor]] = defaultdict(list)
        for cursor in self._centre.store.down.cursors():
            by_gate[cursor.point_of_entry_id].append(cursor)
        reach: dict[str, dict[str, object]] = {}
        for issued, document in self._issued_documents():
            missing = [
                gate
                for gate, cursors in by_gate.items()
                if not all(cursor.has(incarnation=issued.incarnation, sequence=issued.sequence) for cursor in cursors)
            ]
            told = {
                "reached": len(by_gate) - len(missing),
                "gates": len(by_gate),
                "not_reached": [self._centre.deployment.names_of(gate) for gate in missing],
            }
            reach |= {rule.rule_id: told for rule in document.rules}
        return reach

    def _issued_documents(self) -> Iterator[tuple[Issued, PolicyDocument]]:
        in_force = {(document.id, document.version): document for document in self._centre.policy.orders}
        for issued in self._centre.shelf.documents:
            document = in_force.get((issued.body.policy_id, issued.body.version))
            if document is not None:
                yield issued, document


def _by_gate(counts: Iterable[GateCountRow]) -> dict[str, dict[str, dict[str, int]]]:
    """Group the counters by gate and figure: each figure's details with their numbers."""
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in counts:
        found[row.point_of_entry_id][row.figure.value][row.detail] = row.count
    return found


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
