"""A small stage for the screens alone: the real front and the real pages over invented, fixed answers.

Each lane id is a situation ("recheck", "offline", ...), so that every state can be looked at and measured
without playing a whole shift. The journeys use the real services; nothing here stands in for them.
"""

import asyncio
import contextlib
import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import argon2
import numpy as np
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.responses import JSONResponse, StreamingResponse

import central.web
import checkpoint.web
from tests.web import day_scenes, scenes
from tests.web.watched import watched
from web.front import install_front
from web.passwords import Passwords
from web.roles import require
from web.sign_in import SignIn, StoredSession, User

CHEAP = Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "một ca trực yên ổn"
ROLES = {"canbo": "officer", "truong": "gate_head", "cdc": "cdc", "chihuy": "command", "quantri": "administrator"}
NAMES = {
    "canbo": "Phạm Thu Hà",
    "truong": "Đào Minh Sơn",
    "cdc": "BS. Vũ Thị Lan",
    "chihuy": "Lê Minh Quân",
    "quantri": "Đỗ Văn Kỹ",
}
STANDS_FOR_FRAMES = 5
LABELS = Path(__file__).resolve().parents[2] / "sync/agreement/labels"


class MemoryStore:
    """UserStore and SessionStore in memory, with an account of each role."""

    def __init__(self):
        self.users = {
            name: User(
                username=name,
                name=NAMES[name],
                role=role,
                password_hash=CHEAP.hash_password(PASSWORD, username=name),
            )
            for name, role in ROLES.items()
        }
        self.sessions: dict[str, StoredSession] = {}

    def find_user(self, username):
        return self.users.get(username)

    def replace_password_hash(self, username, *, password_hash):
        raise AssertionError((username, password_hash))

    def add_session(self, session):
        self.sessions[session.token_hash] = session

    def find_session(self, token_hash):
        return self.sessions.get(token_hash)

    def touch_session(self, token_hash, *, last_seen_at):
        known = self.sessions[token_hash]
        self.sessions[token_hash] = StoredSession(
            token_hash=token_hash, username=known.username, created_at=known.created_at, last_seen_at=last_seen_at
        )

    def remove_session(self, token_hash):
        self.sessions.pop(token_hash, None)

    def remove_sessions_of(self, username):
        self.sessions = {key: one for key, one in self.sessions.items() if one.username != username}


class Clock:
    """A clock that a test may turn."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        return self.now

    def advance(self, **duration):
        self.now += timedelta(**duration)


def labels():
    """The three catalogues as the pages take them."""
    return {
        language: tomllib.loads((LABELS / f"{language}.toml").read_text("utf-8")) for language in ("vi", "en", "zh")
    }


def sign_in_of(store, clock=None, **limits):
    return SignIn(users=store, sessions=store, clock=clock or (lambda: datetime.now(UTC)), passwords=CHEAP, **limits)


def _new_app(pages, router, home_by_role, **front):
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router)
    install_front(app, sign_in=front["sign_in"], pages=pages, home_by_role=home_by_role)
    return app


def edge_app(store=None, clock=None):
    """The edge's pages over fixed scenes."""
    pages = checkpoint.web.pages(labels())
    router = checkpoint.web.router(pages, lane_ids=list(scenes.LANES))
    app = _new_app(pages, router, checkpoint.web.HOME_BY_ROLE, sign_in=sign_in_of(store or MemoryStore(), clock))

    _add_lanes(app)

    @app.get("/api/isolation", dependencies=[require("isolation.see")])
    def isolation():
        return JSONResponse(scenes.isolation())

    @app.post("/api/isolation/{crossing_id}/admit", dependencies=[require("isolation.act")])
    def admit(crossing_id: str):
        return JSONResponse({"place_id": "C4", "saved": None})

    @app.post("/api/isolation/{crossing_id}/{word}", dependencies=[require("isolation.act")])
    def act_on_path(crossing_id: str, word: str):
        return JSONResponse({"saved": None})

    @app.get("/api/isolation/{crossing_id}", dependencies=[require("isolation.see")])
    def case(crossing_id: str):
        acts = [{"event": "admitted", "at": scenes.isolation()["now"], "officer_ref": "canbo", "record_id": "r1"}]
        return JSONResponse({"crossing_id": crossing_id, "acts": acts})

    @app.get("/api/crossings", dependencies=[require("lane.see")])
    def crossings():
        return JSONResponse(scenes.crossings())

    @app.post("/api/crossings/find", dependencies=[require("lane.see")])
    def find_crossings():
        return JSONResponse(scenes.crossings())

    _add_devices(app)
    return app


def _add_devices(app):
    @app.get("/api/health")
    def health():
        return JSONResponse(scenes.health())

    @app.get("/api/devices", dependencies=[require("devices.see")])
    def devices():
        return JSONResponse(scenes.registered_devices())

    @app.get("/api/watch", dependencies=[require("watch.see")])
    def watch():
        return JSONResponse(watched())


def _add_lanes(app):
    @app.get("/api/lanes", dependencies=[require("lane.see")])
    def lanes():
        return JSONResponse([{"lane_id": name, "label": name, "direction": "entry"} for name in scenes.LANES])

    @app.get("/api/lanes/{lane_id}/state", dependencies=[require("lane.see")])
    def state(lane_id: str):
        return JSONResponse(scenes.lane_view(lane_id))

    @app.get("/api/lanes/{lane_id}/events", dependencies=[require("lane.see")])
    async def events(lane_id: str):
        async def stream():
            yield f"id: 1\ndata: {json.dumps(scenes.lane_view(lane_id))}\n\n"
            await asyncio.sleep(60)

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.post("/api/lanes/{lane_id}/{action}", dependencies=[require("lane.act")])
    def act(lane_id: str, action: str):
        answers = {"close": "saved", "recheck": "referred_saved", "present": "awaiting"}
        return JSONResponse({**scenes.lane_view(answers.get(action, lane_id)), "version": 2})

    @app.websocket("/api/lanes/{lane_id}/thermal", dependencies=[require("lane.see")])
    async def thermal(socket: WebSocket, lane_id: str):
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            shown = 0
            while lane_id != "no-picture":
                has_left = lane_id == "stepped-away" and shown > STANDS_FOR_FRAMES
                await socket.send_bytes(_frame(None if has_left else scenes.lane_view(lane_id)["reading"]))
                await asyncio.sleep(0.2)
                shown += 1


def _telling(scene):
    def tell():
        return JSONResponse(scene())

    return tell


def centre_app(store=None, clock=None):
    """The centre's pages over fixed scenes."""
    pages = central.web.pages(labels())
    router = central.web.router(pages)
    app = _new_app(pages, router, central.web.HOME_BY_ROLE, sign_in=sign_in_of(store or MemoryStore(), clock))

    told = (
        ("/api/desk", scenes.desk, "desk.see"),
        ("/api/follow-ups", scenes.follow_ups, "desk.see"),
        ("/api/reports/{day}/figures", day_scenes.day_figures, "reports.see"),
        ("/api/reports/{day}/beside/figures", day_scenes.day_beside, "reports.see"),
    )
    for path, scene, action in told:
        app.add_api_route(path, _telling(scene), dependencies=[require(action)])

    @app.get("/api/desk/{crossing_id}", dependencies=[require("desk.see")])
    def case(crossing_id: str):
        return JSONResponse(scenes.case(crossing_id))

    @app.post("/api/desk/{crossing_id}/identity", dependencies=[require("desk.reveal")])
    def identity(crossing_id: str):
        return JSONResponse(scenes.identity())

    @app.post("/api/desk/{crossing_id}/review", dependencies=[require("desk.review")])
    def review(crossing_id: str):
        return JSONResponse({"sequence": 41, "recorded_at": datetime.now(UTC).isoformat()})

    @app.get("/api/command/figures", dependencies=[require("command.see")])
    def figures():
        return JSONResponse(scenes.figures())

    @app.get("/api/reports", dependencies=[require("reports.see")])
    def reports():
        return JSONResponse(scenes.reports())

    @app.get("/api/units", dependencies=[require("units.see")])
    def units():
        return JSONResponse(scenes.units())

    return app


def _frame(reading):
    """One thermal picture 32 x 24: a warm face before a room of 24 degrees."""
    rows, columns = np.mgrid[0:24, 0:32]
    celsius = 24 + np.random.default_rng(7).normal(0, 0.15, (24, 32))
    faces = []
    if reading:
        face = np.exp(-(((columns - 15.5) / 4.6) ** 4) - ((rows - 10) / 6.5) ** 4)
        shoulders = np.exp(-(((columns - 15.5) / 13) ** 4) - ((rows - 25) / 5.5) ** 4)
        celsius += face * (reading["temperature_c"] - 25) + shoulders * 8 * (1 - face)
        box = {"x": 10.5, "y": 3.5, "width": 10, "height": 13}
        faces = [{**box, "temperature_c": reading["temperature_c"], "uncertainty_c": 0.3, "site": reading["site"]}]
    celsius[3:5, 27:29] = 37.0
    head = {
        "device_id": "lane-1-thermal",
        "observed_at": datetime.now(UTC).isoformat(),
        "width": 32,
        "height": 24,
        "faces": faces,
        "reference": {"x": 26.5, "y": 2.5, "width": 3, "height": 3},
        "frames_collected": 5 if faces else 0,
        "is_measured": bool(faces),
        "quality": [],
        "ambient_c": None,
        "device_c": 30.0,
    }
    return json.dumps(head).encode() + b"\n" + ((celsius + 273.15) * 100).astype("<u2").tobytes()
