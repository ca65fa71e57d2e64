"""People brought to the isolation room, and the acts on their path, by an officer who is the test."""

from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from checkpoint.actions.deadlines import escalate_clock, extend_clock
from checkpoint.actions.handing_over import arrive, bring_back, depart
from checkpoint.actions.isolating import (
    compel_isolation,
    decide_isolation,
    end_check,
    give_notice,
    give_provisions,
    list_contact,
    propose_isolation,
    refuse_isolation,
    start_check,
)
from checkpoint.actions.isolation_board import BoardClock, IsolatedPerson, isolation_view
from checkpoint.actions.rechecking import recheck_person
from checkpoint.settings import load_settings
from sync.agreement.vocabulary import ClockKind
from tests.checkpoint.edges import PASS, Edge, opened, write_settings
from tests.checkpoint.people import RAISED_C, HandClock

PASSPORT_OF_A_FOREIGNER = "P<CHNCHEN<<GUOQIANG<<<<<<<<<<<<<<<<<<<<<<<<<\nK434272814CHN5205138M3409192<<<<<<<<<<<<<<04"
ACTS = {
    "check-start": start_check,
    "check-end": end_check,
    "propose": propose_isolation,
    "decide": decide_isolation,
    "refuse": refuse_isolation,
    "compel": compel_isolation,
    "provide": give_provisions,
    "notify": give_notice,
    "contact": list_contact,
    "depart": depart,
    "arrive": arrive,
    "return": bring_back,
    "extend": extend_clock,
    "escalate": escalate_clock,
}
USUAL = {
    "check-start": {},
    "check-end": {"outcome": "group_a_suspected", "findings": ("fever",), "actions": ("isolation_or_referral",)},
    "propose": {"ground": "suspect", "proposer": "BS. Lê Thị Mơ", "list_number": "07/DS"},
    "decide": {"is_approved": True, "order_number": "12/QĐ-CK", "signer": "Trần Văn Gác"},
    "refuse": {"reason": "không muốn ở lại"},
    "compel": {"order_number": "13/QĐ-CC", "signer": "Trần Văn Gác"},
    "provide": {"provisions": ("water", "food")},
    "notify": {"addressee": "person", "means": "in_person"},
    "contact": {"relation": "nearby_seat", "full_name": "Lý Văn Bạn", "telephone": "0900 000 001"},
    "depart": {"destination": "TTYT Móng Cái", "escort_names": "Vũ Văn Hộ", "vehicle_plate": "14A-000.01"},
    "arrive": {"means": "telephone", "confirmed_by": "BS. Đỗ Nhận"},
    "return": {"reason": "facility_full"},
}


class LegalEdge(Edge):
    """An edge under a law pack of the test's choice."""

    def __init__(self, folder: Path, *, law: str = "law-vn-2026", now: datetime | None = None) -> None:
        path = write_settings(folder)
        text = path.read_text("utf-8").replace("is_demo = true", f'is_demo = true\nlaw = "{law}"')
        path.write_text(text, encoding="utf-8")
        self.settings = load_settings(path)
        self.clock = HandClock() if now is None else HandClock(now)
        self.gate = opened(self.settings, clock=self.clock)

    def refer(self, text: str = PASS) -> str:
        """Bring one person with a confirmed fever to the isolation room."""
        self.present(text)
        self.scan_face(RAISED_C)
        crossing_id = self.draft_id
        self.do(recheck_person, crossing_id=crossing_id, temperature_c=38.9, site="axillary")
        return crossing_id

    def act(self, word: str, crossing_id: str, *, act_id: UUID | None = None, **changes):
        """Do one act on a person's path, with the usual words."""
        command = ACTS[word]
        fields = {**USUAL.get(word, {}), **changes, "act_id": str(act_id or uuid4())}
        body = msgspec.convert(fields, command.__annotations__["command"])
        return self.gate.perform(lambda turn: command(turn, crossing_id, body), officer_ref="canbo").result(10)

    def bring_to(self, state: str, text: str = PASS) -> str:
        """Bring a person to a state by the usual way."""
        crossing_id = self.refer(text)
        for word, reached in (
            ("check-start", "under_check"),
            ("check-end", "checked"),
            ("propose", "proposed"),
            ("decide", "isolated"),
            ("depart", "in_transit"),
            ("arrive", "arrived"),
        ):
            if self.state(crossing_id) == state:
                return crossing_id
            self.act(word, crossing_id)
            assert self.state(crossing_id) == reached
        return crossing_id

    def state(self, crossing_id: str) -> str:
        return self.rows(f"SELECT state FROM isolation_case WHERE crossing_id = '{crossing_id}'")[0][0]

    def person(self, crossing_id: str) -> IsolatedPerson | None:
        """The person as the board shows them, wherever on it."""
        view = isolation_view(self.gate)
        people = [place.person for place in view.places if place.person]
        people += [*view.waiting, *view.in_transit, *view.owed]
        found = [one for one in people if one.crossing_id == crossing_id]
        assert len(found) < 2, "nobody stands at two places of the board"
        return found[0] if found else None

    def face(self, crossing_id: str, kind: ClockKind) -> BoardClock | None:
        person = self.person(crossing_id)
        return next((clock for clock in person.clocks if clock.kind is kind), None) if person else None
