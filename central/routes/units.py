"""The administrator's interface: which edges report, how far each has come, and what no honest edge does."""

from datetime import datetime, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from central.actions.opening import Centre
from central.routes.answers import answer, run_in_thread
from central.store.edges import Alarm
from central.store.figures import EdgeStanding
from sync.agreement.deployment import DeploymentError
from web.roles import require


class UnitRoutes:
    """Bound to one centre. No traveller and no figure of a gate is ever in an answer."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/units", tags=["units"])
        see = [require("units.see")]
        router.add_api_route("", self.show_units, methods=["GET"], dependencies=see, response_model=None)
        return router

    async def show_units(self) -> Response:
        """Answer every enrolled edge and every alarm."""
        return answer(await run_in_thread(self._units))

    def _units(self) -> dict[str, object]:
        now = self._centre.clock()
        edges = [self._edge(standing, now=now) for standing in self._centre.store.figures.standings()]
        alarms = [_alarm(raised) for raised in reversed(self._centre.store.edges.alarms())]
        return {
            "now": now,
            "silent_after_s": 60 * self._centre.settings.centre.silent_after_min,
            "edges": edges,
            "alarms": alarms,
        }

    def _edge(self, standing: EdgeStanding, *, now: datetime) -> dict[str, object]:
        contact = standing.last_contact_at
        silent_after = timedelta(minutes=self._centre.settings.centre.silent_after_min)
        is_expected = standing.revoked_at is None
        return {
            "edge_id": standing.edge_id,
            "point_of_entry_id": standing.point_of_entry_id,
            "name": self._gate_names(standing.point_of_entry_id),
            "enrolled_at": standing.enrolled_at,
            "revoked_at": standing.revoked_at,
            "last_contact_at": contact,
            "last_receipt_at": standing.last_receipt_at,
            "sequence": standing.sequence,
            "incarnation": standing.incarnation,
            "is_silent": is_expected and (contact is None or now - contact > silent_after),
        }

    def _gate_names(self, point_of_entry_id: str) -> object:
        try:
            return self._centre.deployment.point_of_entry(point_of_entry_id).names
        except DeploymentError:
            return point_of_entry_id  # enrolled before the deployment lost the gate: its id says which


def _alarm(raised: Alarm) -> dict[str, object]:
    return {
        "kind": raised.kind,
        "edge_id": raised.edge_id,
        "incarnation": raised.incarnation,
        "sequence": raised.sequence,
        "expected_hash": raised.expected_hash.hex(),
        "found_hash": raised.found_hash.hex(),
        "raised_at": raised.raised_at,
    }
