"""The gate's devices over HTTP: the list with the register, and the same as a file."""

from datetime import UTC, datetime

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.device_list import devices_csv, note_device_export, registered_devices
from checkpoint.app.answers import Endpoint, committed, json_answer, refusing
from checkpoint.app.edge_app import EdgeApp
from web.roles import permit

_may_see = permit("devices.see")


def device_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the devices."""
    return [
        Route("/api/devices", refusing(_list(edge)), methods=["GET"]),
        Route("/api/devices.csv", refusing(_export(edge)), methods=["GET"]),
    ]


def _list(edge: EdgeApp) -> Endpoint:
    async def list_devices(request: Request) -> Response:
        _may_see(request)
        devices = await anyio.to_thread.run_sync(lambda: registered_devices(edge.gate))
        return json_answer({"devices": devices, "lanes": edge.gate.settings.lane_labels, "now": edge.gate.clock()})

    return list_devices


def _export(edge: EdgeApp) -> Endpoint:
    async def export(request: Request) -> Response:
        session = _may_see(request)
        devices = await anyio.to_thread.run_sync(lambda: registered_devices(edge.gate))
        await committed(edge.gate.perform(note_device_export, officer_ref=session.username))
        headers = {"Content-Disposition": f'attachment; filename="devices-{datetime.now(UTC):%Y%m%d}.csv"'}
        return Response(devices_csv(devices), media_type="text/csv; charset=utf-8", headers=headers)

    return export
