"""A scripted officer: clears travellers at one lane over the same interface that the lane's screen uses.

Each request may be repeated: an answer can be lost when the edge is killed after its commit, and the
lane recognises the draft. So the officer insists until the lane says that the record is saved, and
nobody is lost or counted twice.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from deploy.demo.layout import Account
from deploy.demo.shift import STANDING_PER_LANE, Afterwards, Fate, Lane, Scanner, Traveller
from deploy.demo.simulators import SimulatorControl

PATIENCE_S = 60.0
"""How long one step may take, restarts of a killed edge included, before the shift is given up."""
ASK_AGAIN_S = 6.0
"""After this long without a draft or a reading, the paper is laid down or the person looks up once more."""
POLL_S = 0.03
LaneView = dict[str, Any]
"""What the lane shows, as its screen gets it."""
RETRY_S = 0.2
STAND_S = {True: 0.5, False: 0.9}
"""How long a traveller stands before the scanner: shorter when the simulated frames come faster."""
EXPERT_STEPS = {"employer": "Công ty May Sao Biển", "project": "Khu công nghiệp Hải Yên", "is_symptom_checked": True}
"""What the lane asks of an expert before it clears one; an invented company and its site."""
FACILITY = "Trung tâm Y tế Móng Cái"


class OfficerError(RuntimeError):
    """The lane did not do what the script says it must; the message says where and what it said."""


@dataclass(kw_only=True)
class Officer:
    """One officer signed in at one lane."""

    lane: Lane
    account: Account
    base_url: str
    control: SimulatorControl
    is_fast: bool = True
    on_saved: Callable[[str], None] = lambda _crossing_id: None
    _standing: deque[tuple[Traveller, str]] = field(default_factory=deque)
    _client: httpx.Client | None = None
    _freed_at_s: float = 0.0

    @property
    def place(self) -> str:
        """Where this officer stands, for messages."""
        return f"{self.lane.gate_id}/{self.lane.lane_id}"

    def work(self, script: list[Traveller]) -> None:
        """Clear, refer or refuse every traveller of the script in turn."""
        for traveller in script:
            self.handle_one(traveller)

    def leave(self) -> None:
        """End the session's connections."""
        self._sign_out()
        self.control.close()

    def handle_one(self, traveller: Traveller) -> str:
        """Take one traveller from paper to durable verdict; return the crossing's identifier."""
        draft_id = self._present(traveller)
        self._lane_post("details", _details(traveller, draft_id=draft_id))
        view = self._measure(traveller)
        if any(one["code"] == "still_in_care" and one["severity"] == "wait" for one in view["verdict"]["reasons"]):
            return self._give_up(str(view["draft_id"]))
        crossing_id = self._decide(traveller, view)
        self.on_saved(crossing_id)
        self._afterwards(traveller, crossing_id)
        return crossing_id

    def _present(self, traveller: Traveller) -> str:
        def lay_down() -> None:
            if traveller.mrz:
                self.control.scan(self.lane.reader_id, traveller.mrz)
            else:
                self._lane_post("present", {"text": traveller.pass_number})

        view = self._until(lambda seen: seen["draft_id"] is not None, nudge=lay_down, what="a draft")
        return str(view["draft_id"])

    def _measure(self, traveller: Traveller) -> LaneView:
        def look_up() -> None:
            if traveller.is_measured_by_hand:
                by_hand = {
                    "temperature_c": traveller.scanner_c,
                    "device_kind": "infrared_thermometer",
                    "site": "forehead",
                }
                self._lane_post("measure", by_hand)
            else:
                self._let_the_former_leave()
                self.control.show(self.lane.scanner_id, skin_c=traveller.scanner_c, duration_s=STAND_S[self.is_fast])

        view = self._until(
            lambda seen: seen["reading"] is not None or seen["candidates"], nudge=look_up, what="a reading"
        )
        if view["phase"] == "choose_reading":
            view = self._lane_post("choose", {"reading_id": view["candidates"][0]["reading_id"]})
        return view

    def _let_the_former_leave(self) -> None:
        """Nobody stands before a terminal in the second in which another one left.

        Its clock has whole seconds, so the lane takes a reading of that second for the former person's.
        """
        if self.lane.scanner is Scanner.FACE_TERMINAL and int(time.time()) == int(self._freed_at_s):
            time.sleep(1.0 - time.time() % 1.0)

    def _decide(self, traveller: Traveller, view: LaneView) -> str:
        crossing_id = str(view["draft_id"])
        view = self._after_a_look(view)
        outcome = view["verdict"]["outcome"]
        expected = _expected_outcome(traveller)
        if outcome != expected:
            msg = f"{self.place}: the lane says {outcome}, the script {expected}: {view['verdict']}"
            raise OfficerError(msg)
        if traveller.clinical_c is not None:
            recheck = {"crossing_id": crossing_id, "temperature_c": traveller.clinical_c, "site": "axillary"}
            self._lane_post("recheck", recheck)
        else:
            self._lane_post("close", {"draft_id": crossing_id})
        self._freed_at_s = time.time()
        return crossing_id

    def _give_up(self, draft_id: str) -> str:
        """Take back who is in the isolation room still: a script repeats itself faster than care ends."""
        self._lane_post("discard", {"draft_id": draft_id, "reason": "Người này đang ở khu cách ly"})
        return draft_id

    def _after_a_look(self, view: LaneView) -> LaneView:
        """Say that it is the person where a pass was at the other lane minutes ago: a script repeats itself."""
        reasons = view["verdict"]["reasons"]
        if any(one["code"] == "presented_elsewhere" and one["severity"] == "wait" for one in reasons):
            return self._lane_post("same-person", {"draft_id": view["draft_id"]})
        return view

    def _afterwards(self, traveller: Traveller, crossing_id: str) -> None:
        if traveller.fate is Fate.ISOLATED:
            self._standing.append((traveller, crossing_id))
            if len(self._standing) > STANDING_PER_LANE:
                _, longest_waiting = self._standing.popleft()
                handed_over = {
                    "act_id": str(uuid4()),
                    "destination": FACILITY,
                    "escort_names": "Y sĩ trực xe",
                    "vehicle_plate": "14A-000.01",
                }
                self._post(f"/api/isolation/{longest_waiting}/depart", handed_over)
                arrived = {"act_id": str(uuid4()), "means": "telephone", "confirmed_by": "Điều dưỡng trực"}
                self._post(f"/api/isolation/{longest_waiting}/arrive", arrived)
        elif traveller.afterwards is Afterwards.CORRECTED:
            self._post(f"/api/crossings/{crossing_id}/correct", {"reason": "Ghi nhầm mục đích", "purpose": "other"})
        elif traveller.afterwards is Afterwards.WITHDRAWN:
            self._post(f"/api/crossings/{crossing_id}/withdraw", {"reason": "Ghi nhầm, người này không qua"})

    def _until(self, is_there: Callable[[LaneView], object], *, nudge: Callable[[], None], what: str) -> LaneView:
        """Nudge, then watch the lane until it shows what is waited for; nudge again now and then."""
        started_s, nudged = time.monotonic(), 0
        while True:
            waited_s = time.monotonic() - started_s
            if waited_s >= nudged * ASK_AGAIN_S:
                nudge()
                nudged += 1
            view = self._get(f"/api/lanes/{self.lane.lane_id}/state")
            if is_there(view):
                return view
            if waited_s > PATIENCE_S:
                msg = f"{self.place}: no {what} within {PATIENCE_S:g} s; the lane shows {view['phase']}"
                raise OfficerError(msg)
            time.sleep(POLL_S)

    def _lane_post(self, action: str, body: dict[str, Any]) -> LaneView:
        return self._post(f"/api/lanes/{self.lane.lane_id}/{action}", body)

    def _post(self, path: str, body: dict[str, Any]) -> LaneView:
        return self._insist(lambda client: client.post(path, json=body))

    def _get(self, path: str) -> LaneView:
        return self._insist(lambda client: client.get(path))

    def _insist(self, request: Callable[[httpx.Client], httpx.Response]) -> LaneView:
        """Repeat a request over lost answers and restarts; what the lane refuses is the script's fault."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = request(self._signed_in())
            except httpx.TransportError as error:
                self._sign_out()
                if time.monotonic() > deadline_s:
                    msg = f"{self.base_url} does not answer: {type(error).__name__}"
                    raise OfficerError(msg) from error
                time.sleep(RETRY_S)
                continue
            if answer.is_success:
                content: LaneView = answer.json() if answer.content else {}
                return content
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR or time.monotonic() > deadline_s:
                msg = f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:400]}"
                raise OfficerError(msg)
            time.sleep(RETRY_S)

    def _signed_in(self) -> httpx.Client:
        if self._client is None:
            self._client = sign_in(self.base_url, self.account)
        return self._client

    def _sign_out(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def sign_in(base_url: str, account: Account) -> httpx.Client:
    """Open a session and send its CSRF token with every later request."""
    client = httpx.Client(base_url=base_url, timeout=10.0)
    answer = client.post("/sign-in", json={"username": account.username, "password": account.password})
    if not answer.is_success:
        client.close()
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            msg = f"{base_url} is not ready: {answer.status_code}"
            raise httpx.ConnectError(msg)
        msg = f"{account.username} cannot sign in at {base_url}: {answer.status_code} {answer.text[:200]}"
        raise OfficerError(msg)
    client.headers["X-CSRF-Token"] = client.get("/api/session").raise_for_status().json()["csrf_token"]
    return client


def _details(traveller: Traveller, *, draft_id: str) -> dict[str, Any]:
    asked_of_expert = EXPERT_STEPS if traveller.category == "expert" else {}
    return asked_of_expert | {
        "draft_id": draft_id,
        "category": traveller.category,
        "purpose": traveller.purpose,
        "nationality": traveller.nationality,
        "has_declaration": True,
        "symptoms": [],
    }


def _expected_outcome(traveller: Traveller) -> str:
    if traveller.clinical_c is not None:
        return "recheck"
    return "refused" if traveller.fate is Fate.REFUSED else "cleared"
