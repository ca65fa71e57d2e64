"""Officers for a demonstration and for tests: they do over HTTP what the pages do, and nothing that a page cannot do.

One clears a lane, one looks after the isolation room. They know of each invented traveller what the trainer
would tell: what a hand thermometer reads, and whether the person refuses.
"""

import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

import httpx
import structlog

from checkpoint.drill.scenario import Actor, Inject
from checkpoint.rehearsal.player import Player
from checkpoint.rehearsal.site import Account, DrillLane

_log = structlog.get_logger("checkpoint")
_LOOK_S: Final = 0.1
_REQUEST_S: Final = 10.0
FACILITY: Final = "Trung tâm Y tế (diễn tập)"
WHO: Final = "Người có thẩm quyền (diễn tập)"
NUMBER: Final = "01/DT"
BY_HAND_C: Final = 36.5
ROOM_ACTS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = MappingProxyType(
    {
        "check_started": ("check-start", {}),
        "check_ended": ("check-end", {"outcome": "group_a_suspected", "findings": ["fever"]}),
        "proposed": ("propose", {"ground": "suspect", "proposer": WHO}),
        "decided": ("decide", {"is_approved": True, "order_number": NUMBER, "signer": WHO}),
        "consulate_told": ("notify", {"addressee": "consular_department", "means": "telephone"}),
        "provided": ("provide", {"provisions": ["water"]}),
        "refusal_noted": ("refuse", {"reason": "Không đồng ý cách ly (diễn tập)"}),
        "compelled": ("compel", {"order_number": NUMBER, "signer": WHO}),
        "departed": (
            "depart",
            {"destination": FACILITY, "escort_names": WHO, "escorts": 1, "vehicle_plate": "DT 00001"},
        ),
        "arrived": ("arrive", {"means": "telephone", "confirmed_by": WHO}),
    }
)
"""The acts of the isolation room by their words in a script: which address, and what is typed."""


class Crew:
    """All officers of a drill, each in a thread with a session of its own. ``start`` once, ``stop`` once."""

    def __init__(self, player: Player) -> None:
        """Prepare; nobody works before ``start``."""
        self._player = player
        self._crossings: dict[str, Inject] = {}
        self._room_done: set[tuple[str, str]] = set()
        self._threads = [
            self._worker(partial(self._clear, lane=lane), "can-bo", name=lane.settings.lane_id)
            for lane in player.site.lanes
        ]
        self._group_id = str(uuid4())
        self._answered = 0
        self._threads.append(self._worker(self._look_after_room, "phong-cl", name="room"))
        self._threads.append(self._worker(self._look_after_group, "can-bo", name="group"))

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait until everybody has laid down what they were doing."""
        for thread in self._threads:
            thread.join(_REQUEST_S)

    def _worker(self, work: Callable[[httpx.Client], None], username: str, *, name: str) -> threading.Thread:
        account = self._player.site.account(username)
        return threading.Thread(target=self._work, args=(work, account), name=f"crew {name}", daemon=True)

    def _work(self, work: Callable[[httpx.Client], None], account: Account) -> None:
        player = self._player
        with httpx.Client(base_url=player.site.url, timeout=_REQUEST_S) as client:
            is_in = False
            while not player.is_over.is_set() and not player.stopping.wait(_LOOK_S):
                try:
                    is_in = is_in or _signed_in(client, account)
                    if is_in:
                        work(client)
                except httpx.HTTPError as error:
                    if not is_in or player.is_over.is_set() or player.stopping.is_set():
                        continue  # the edge does not serve yet, or went home first
                    _log.warning("crew_refused", error=type(error).__name__, reason=str(error)[:200])

    def _clear(self, client: httpx.Client, *, lane: DrillLane) -> None:
        """Do the next thing that the lane's screen asks for."""
        lane_id = lane.settings.lane_id
        view = client.get(f"/api/lanes/{lane_id}/state").raise_for_status().json()
        inject = self._player.standing.get(lane_id)
        if inject is None or inject.traveller is None or view["draft_id"] is None:
            return
        self._crossings.setdefault(view["draft_id"], inject)
        actor = self._crossings[view["draft_id"]].traveller or inject.traveller
        step = _next_step(view, actor)
        if step is not None:
            word, body = step
            if word == "recheck" and self._is_somebody_before(self._crossings[view["draft_id"]]):
                return
            client.post(f"/api/lanes/{lane_id}/{word}", json=body).raise_for_status()

    def _is_somebody_before(self, inject: Inject) -> bool:
        """Whether somebody earlier in the script is still to be referred: places are taken in its order."""
        order = [each.id for each in self._player.scenario.inject]
        earlier = frozenset(order[: order.index(inject.id)])
        return any(
            line.act == "referred" and line.inject_id in earlier and line.state.value == "waiting" and not line.must_not
            for line in self._player.timeline().lines
        )

    def _look_after_room(self, client: httpx.Client) -> None:
        """Do for each person of the room the next act that the script expects and nobody did yet."""
        waiting = {line.inject_id: line.act for line in reversed(self._player.timeline().lines) if _is_due(line)}
        for crossing_id, inject in tuple(self._crossings.items()):
            act = waiting.get(inject.id)
            if act is None or (crossing_id, act) in self._room_done or not self._is_in_care(client, crossing_id):
                continue
            word, body = ROOM_ACTS[act]
            path = f"/api/isolation/{crossing_id}/{word}"
            client.post(path, json={"act_id": str(uuid4()), **body}).raise_for_status()
            self._room_done.add((crossing_id, act))

    def _look_after_group(self, client: httpx.Client) -> None:
        """Open the group whose list was handed in, and close it with a reason once the guide leaves."""
        for inject in self._player.heard[self._answered :]:
            if inject.manifest is not None and inject.lane is not None:
                lane = self._player.site.lane(inject.lane).settings
                file = b64encode(inject.manifest.lstrip().encode()).decode()
                body = {"kind": "tour", "direction": lane.direction.value, "file": file, "lane_id": lane.lane_id}
                client.post("/api/groups/open", json={"group_id": self._group_id, **body}).raise_for_status()
            elif any(one.act == "group_closed" for one in inject.expect):
                body = {"group_id": self._group_id, "reason": "unknown"}
                client.post("/api/groups/close", json=body).raise_for_status()
            self._answered += 1

    def _is_in_care(self, client: httpx.Client, crossing_id: str) -> bool:
        return client.get(f"/api/isolation/{crossing_id}").is_success


def _is_due(line: Any) -> bool:  # noqa: ANN401  # a line of the timeline
    return line.state.value == "waiting" and not line.must_not and line.act in ROOM_ACTS


def _next_step(view: Mapping[str, Any], actor: Actor) -> tuple[str, dict[str, Any]] | None:
    """Say what an officer does with the person whom a lane shows: which address, and what is typed."""
    draft_id = view["draft_id"]
    match view["phase"]:
        case "awaiting_reading" | "verdict" if not _is_described(view, actor):
            return "details", _details(actor, draft_id=draft_id)
        case "awaiting_reading" if actor.shows == "nobody":
            typed = actor.by_hand_c or BY_HAND_C
            return "measure", {"temperature_c": typed, "device_kind": "infrared_thermometer", "site": "forehead"}
        case "choose_reading":
            return "choose", {"reading_id": view["candidates"][0]["reading_id"]}
        case "awaiting_recheck" if actor.clinical_c is not None:
            return "recheck", {"crossing_id": draft_id, "temperature_c": actor.clinical_c, "site": "axillary"}
        case "verdict" if view["verdict"]["outcome"] in {"cleared", "refused"}:
            return "close", {"draft_id": draft_id}
    return None


def _is_described(view: Mapping[str, Any], actor: Actor) -> bool:
    person = view["person"]
    told = (person["category"], person["purpose"], person["has_declaration"], sorted(person["symptoms"]))
    return told == (actor.category, actor.purpose, True, sorted(symptom.value for symptom in actor.symptoms))


def _details(actor: Actor, *, draft_id: str) -> dict[str, Any]:
    return {
        "draft_id": draft_id,
        "category": actor.category,
        "purpose": actor.purpose,
        "nationality": actor.nationality,
        "has_declaration": True,
        "symptoms": [symptom.value for symptom in actor.symptoms],
    }


def _signed_in(client: httpx.Client, account: Account) -> bool:
    answer = client.post("/sign-in", json={"username": account.username, "password": account.password})
    if not answer.is_success:
        return False
    client.headers["X-CSRF-Token"] = client.get("/api/session").raise_for_status().json()["csrf_token"]
    return True
