"""The administrator's interface: which edges report, which may, how far each has come, and what is wrong."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from central.actions.enrolling import (
    EdgeUnknownError,
    FingerprintError,
    confirm_edge,
    make_code,
    revocation_of,
    revoke_edge,
)
from central.actions.opening import Centre
from central.routes.answers import BadBodyError, answer, read_json, refuse, run_in_thread
from central.routes.sheets import csv_answer
from central.store.alarms import Alarm, AlarmUnknownError
from central.store.downlink import DownCursor
from central.store.edges import EnrolmentError
from central.store.figure_rows import HeldRow
from central.store.figures import EdgeStanding
from sync.agreement.deployment import DeploymentError
from sync.agreement.identifiers import IdentifierError
from sync.agreement.vocabulary import RecordDisposition, RevocationReason
from sync.exchange.messages import fingerprint
from web.roles import require, session_of

REASON_LIMIT = 500
CLEARED_SHOWN = 50


class _CodeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    edge_id: str
    point_of_entry_id: str


class _FingerprintBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    fingerprint: str


class _RevokeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``reason`` is a code of ``RevocationReason`` (other words stand for ``other``), ``remark`` goes beside it."""

    reason: str
    remark: str = ""


class _ReasonBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    reason: str

    @property
    def said(self) -> str:
        return self.reason.strip()[:REASON_LIMIT]


class UnitRoutes:
    """Bound to one centre. No traveller and no figure of a gate is ever in an answer."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/units", tags=["units"])
        see, act = [require("units.see")], [require("units.act")]
        router.add_api_route("", self.show_units, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route(".csv", self.export, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route(
            "/{edge_id}/held.csv", self.export_held, methods=["GET"], dependencies=see, response_model=None
        )
        for path, work in (
            ("/codes", self.make_code),
            ("/alarms/{alarm_id}/clear", self.clear_alarm),
            ("/{edge_id}/confirm", self.confirm),
            ("/{edge_id}/revoke", self.revoke),
        ):
            router.add_api_route(path, work, methods=["POST"], dependencies=act, response_model=None)
        return router

    async def show_units(self) -> Response:
        """Answer every enrolled edge, every alarm, and the gates that a new edge may serve."""
        return answer(await run_in_thread(self._units))

    async def export(self, q: str = "") -> Response:
        """Answer the units whose name, gate or fingerprint holds ``q`` as a CSV file."""
        units = await run_in_thread(self._units)
        rows = [line for line in _lines_of(units) if _is_sought(line, sought=q)]
        return csv_answer("may.csv", head=UNIT_COLUMNS, rows=([line[name] for name in UNIT_COLUMNS] for line in rows))

    async def export_held(self, edge_id: str) -> Response:
        """Answer the records of a unit that are held back as a CSV file: places and reasons, no content."""
        rows = await run_in_thread(lambda: self._centre.store.figure_rows.held(edge_id))
        return csv_answer(
            f"giu-rieng-{rows[0].position if rows else 0}.csv",
            head=HeldRow.__struct_fields__,
            rows=map(msgspec.structs.astuple, rows),
        )

    async def make_code(self, request: Request) -> Response:
        """Make an enrolment code: it is in this answer and nowhere else."""
        by = session_of(request).username
        try:
            body = await read_json(request, kind=_CodeBody)
            shown = await run_in_thread(
                lambda: make_code(self._centre, body.edge_id, point_of_entry_id=body.point_of_entry_id, by=by)
            )
        except (BadBodyError, IdentifierError):
            return refuse("edge_name_refused", http_code=400)
        except EnrolmentError:
            return refuse("edge_exists", http_code=409)
        except DeploymentError:
            return refuse("gate_unknown", http_code=404)
        return answer(shown)

    async def confirm(self, request: Request, edge_id: str) -> Response:
        """Believe an edge whose fingerprint was read at its own screen."""
        by = session_of(request).username
        try:
            body = await read_json(request, kind=_FingerprintBody)
            await run_in_thread(lambda: confirm_edge(self._centre, edge_id, fingerprint_shown=body.fingerprint, by=by))
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except EdgeUnknownError:
            return refuse("edge_unknown", http_code=404)
        except FingerprintError:
            return refuse("fingerprint_differs", http_code=409)
        return answer({"edge_id": edge_id})

    async def revoke(self, request: Request, edge_id: str) -> Response:
        """Refuse an edge from its next request on."""
        by = session_of(request).username
        try:
            body = await read_json(request, kind=_RevokeBody)
            code, words = revocation_of(body.reason.strip())
            words = (words or body.remark.strip())[:REASON_LIMIT]
            if not body.reason.strip() or (code is RevocationReason.OTHER and not words):
                return refuse("reason_required", http_code=400)
            await run_in_thread(lambda: revoke_edge(self._centre, edge_id, reason=code, words=words, by=by))
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except EdgeUnknownError:
            return refuse("edge_unknown", http_code=404)
        return answer({"edge_id": edge_id})

    async def clear_alarm(self, request: Request, alarm_id: int) -> Response:
        """Note that a person has dealt with an alarm; it stays in the list."""
        by, now = session_of(request).username, self._centre.clock()
        try:
            body = await read_json(request, kind=_ReasonBody)
            if not body.said:
                return refuse("reason_required", http_code=400)
            await run_in_thread(lambda: self._centre.store.alarms.clear(alarm_id, by=by, reason=body.said, now=now))
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except (AlarmUnknownError, OverflowError):
            return refuse("alarm_unknown", http_code=404)
        return answer({"alarm_id": alarm_id})

    def _units(self) -> dict[str, object]:
        now, store = self._centre.clock(), self._centre.store
        held, cursors = store.figures.held_of_edges(), {each.edge_id: each for each in store.down.cursors()}
        alarms = list(reversed(store.alarms.every()))
        raised = Counter(alarm.edge_id for alarm in alarms if alarm.cleared_at is None)
        edges = [
            with_what_to_do(
                self._edge(standing, now=now)
                | _counts(standing, held=held.get(standing.edge_id, {}))
                | _orders_of(cursors.get(standing.edge_id))
                | {"alarms": raised[standing.edge_id]}
            )
            for standing in store.figures.standings()
        ]
        cleared = [alarm for alarm in alarms if alarm.cleared_at is not None][:CLEARED_SHOWN]
        return {
            "now": now,
            "silent_after_s": 60 * self._centre.settings.centre.silent_after_min,
            "edges": edges,
            "alarms": [_alarm(alarm) for alarm in alarms if alarm.cleared_at is None],
            "cleared_alarms": [_alarm(alarm) for alarm in cleared],
            "gates": [
                {"point_of_entry_id": point.id, "name": point.names}
                for point in self._centre.deployment.points_on(self._centre.report_day(now))
            ],
        }

    def _edge(self, standing: EdgeStanding, *, now: datetime) -> dict[str, object]:
        contact = standing.last_contact_at
        silent_after = timedelta(minutes=self._centre.settings.centre.silent_after_min)
        is_expected = standing.revoked_at is None and standing.confirmed_at is not None
        return {
            "edge_id": standing.edge_id,
            "kind": standing.kind,
            "point_of_entry_id": standing.point_of_entry_id,
            "name": self._centre.deployment.names_of(standing.point_of_entry_id),
            "fingerprint": fingerprint(standing.public_key),
            "enrolled_at": standing.enrolled_at,
            "confirmed_at": standing.confirmed_at,
            "revoked_at": standing.revoked_at,
            "revoked_reason": standing.revoked_reason,
            "last_contact_at": contact,
            "last_receipt_at": standing.last_receipt_at,
            "sequence": standing.sequence,
            "incarnation": standing.incarnation,
            "frozen_at": standing.frozen_at,
            "opened_reason": standing.opened_reason,
            "is_silent": is_expected and (contact is None or now - contact > silent_after),
        }


UNIT_COLUMNS = (
    *("edge_id", "kind", "point_of_entry_id", "fingerprint", "enrolled_at", "confirmed_at", "revoked_at"),
    *("last_contact_at", "incarnation", "sequence", "pending_records", "lost_records", "recovered_records"),
    *("quarantined_records", "unprojected_records", "alarms", "to_do"),
)
_SOUGHT_IN = ("edge_id", "point_of_entry_id", "fingerprint", "name")


def with_what_to_do(unit: dict[str, object]) -> dict[str, object]:
    """Add the slugs of what a person should do about a unit, the most urgent first; none where all is well.

    >>> with_what_to_do({"alarms": 1, "lost_records": 2, "confirmed_at": 1, "revoked_at": None})["to_do"]
    ['see_alarms', 'compare_with_paper']
    """
    is_revoked = unit.get("revoked_at") is not None
    found = {
        "see_alarms": unit.get("alarms"),
        "compare_fingerprint": not is_revoked and unit.get("confirmed_at") is None,
        "find_the_copy": not is_revoked and unit.get("frozen_at") is not None,
        "call_the_gate": unit.get("is_silent"),
        "compare_with_paper": unit.get("lost_records"),
        "look_at_held": unit.get("quarantined_records"),
        "update_the_centre": unit.get("unprojected_records"),
        "settle_express": is_revoked and unit.get("pending_records"),
    }
    return unit | {"to_do": [slug for slug, is_due in found.items() if is_due]}


def _lines_of(units: dict[str, object]) -> list[dict[str, object]]:
    edges = units["edges"]
    if not isinstance(edges, list):
        raise TypeError
    return [edge | {"to_do": " ".join(edge["to_do"])} for edge in edges]


def _is_sought(line: dict[str, object], *, sought: str) -> bool:
    told = msgspec.json.encode([line[name] for name in _SOUGHT_IN]).decode().casefold()
    return all(word in told for word in sought.casefold().split())


def _counts(standing: EdgeStanding, *, held: dict[RecordDisposition, int]) -> dict[str, object]:
    return {
        "pending_records": standing.pending_records,
        "lost_records": standing.lost_records,
        "recovered_records": standing.recovered_records,
        "quarantined_records": held.get(RecordDisposition.QUARANTINED, 0),
        "unprojected_records": held.get(RecordDisposition.UNPROJECTED, 0),
    }


def _orders_of(cursor: DownCursor | None) -> dict[str, object]:
    """How far the edge has taken the centre's own journal."""
    if cursor is None or cursor.asked_at is None:
        return {"orders_at": None, "orders_sequence": None}
    return {"orders_at": cursor.asked_at, "orders_sequence": cursor.sequence}


def _alarm(raised: Alarm) -> dict[str, object]:
    return {
        "alarm_id": raised.alarm_id,
        "kind": raised.kind,
        "edge_id": raised.edge_id,
        "incarnation": raised.incarnation,
        "sequence": raised.sequence,
        "expected_hash": raised.expected_hash.hex(),
        "found_hash": raised.found_hash.hex(),
        "raised_at": raised.raised_at,
        "detail": raised.detail,
        "cleared_at": raised.cleared_at,
        "cleared_by": raised.cleared_by,
        "cleared_reason": raised.cleared_reason,
    }
