"""Fixed scenes for the stage: every situation of the lane, the room, the desk, the command page. Invented people."""

from datetime import UTC, datetime, timedelta
from random import Random

from sync.agreement.local_time import VIETNAM_TIME

_GATE = {"point_of_entry_id": "mong-cai", "name": {"vi": "Móng Cái", "en": "Mong Cai", "zh": "芒街"}}
_PERSON = {
    "full_name": "HOÀNG THỊ NHƯỜNG",
    "sex": "female",
    "age_years": 41,
    "nationality": "VNM",
    "category": "border_resident",
    "purpose": "trade_or_work",
    "document_kind": "border_pass",
    "document_number_masked": "TQ 0417 •••",
    "personal_number_masked": "022 185 •••• 19",
    "document_expires_on": None,
    "address": "Phường Móng Cái 1",
    "has_declaration": True,
    "symptoms": [],
    "visited_areas": [],
    "crossings_today": 2,
}
_UP = {"device_id": "lane-1-thermal", "state": "up"}


def _at(**before):
    return (datetime.now(UTC) - timedelta(**before)).isoformat()


# Of today, whatever day it is: the lane writes the date of another day beside the time.
_FOUR_PAST_NOON = datetime.now(VIETNAM_TIME).replace(hour=12, minute=4, second=0, microsecond=0).isoformat()


def _reading(temperature_c):
    return {
        "reading_id": "r1",
        "temperature_c": temperature_c,
        "uncertainty_c": 0.3,
        "site": "face_maximum",
        "kind": "raw_skin",
        "raw_c": temperature_c - 0.4,
        "device_id": "lane-1-thermal",
    }


def _reason(code, severity, citation, **values):
    document, clause = citation
    quote = {"document": document, "clause": clause, "quote": ""}
    return {"code": code, "severity": severity, "values": values, "citation": quote}


_PLAN = ("Kế hoạch đo thân nhiệt", "mục 3")
_CT05 = ("CT 05/CT-UBND", "khoản II.1")
_RAISED = _reason(
    "raised_reading",
    "stop",
    _PLAN,
    temperature_c=38.1,
    threshold_c=37.2,
    site="face_maximum",
    device_kind="thermal_array",
)
_WITHIN = _reason(
    "within_threshold",
    "note",
    _PLAN,
    temperature_c=36.4,
    threshold_c=37.2,
    site="face_maximum",
    device_kind="thermal_array",
)
_STOPPED = _reason("traffic_stopped", "stop", _CT05, category="border_resident", direction="entry")
_UNDECLARED = _reason("declaration_missing", "wait", ("NĐ 165/2026", "điều 24"))


def _verdict(outcome, *reasons, clocks=(), **more):
    return {"outcome": outcome, "reasons": list(reasons), "threshold_c": 37.2, "clocks": list(clocks), **more}


def _clock(kind, *, limit_s, used):
    due = datetime.now(UTC) + timedelta(seconds=limit_s * (1 - used))
    started = due - timedelta(seconds=limit_s)
    clause = "NĐ 165/2026 · điều 24"
    return {
        "kind": kind,
        "started_at": started.isoformat(),
        "due_at": due.isoformat(),
        "limit_s": limit_s,
        "clause": clause,
    }


_SAVED = {"sequence": 48213, "record_id": "x", "outcome": "cleared"}
LANES = {
    "empty": {"phase": "empty"},
    "awaiting": {"phase": "awaiting_reading", "person": _PERSON},
    "choose": {
        "phase": "choose_reading",
        "person": _PERSON,
        "candidates": [{"reading_id": "a", "temperature_c": 36.4}, {"reading_id": "b", "temperature_c": 36.9}],
    },
    "cleared": {
        "phase": "verdict",
        "person": _PERSON,
        "reading": _reading(36.4),
        "verdict": _verdict("cleared", _WITHIN),
    },
    "wait": {
        "phase": "verdict",
        "person": {**_PERSON, "has_declaration": False},
        "reading": _reading(36.4),
        "verdict": _verdict("wait", _UNDECLARED),
    },
    "recheck": {
        "phase": "awaiting_recheck",
        "person": _PERSON,
        "reading": _reading(38.1),
        "crossing_id": "d1",
        "verdict": _verdict("recheck", _RAISED, clocks=["recheck"]),
    },
    "referred": {
        "phase": "awaiting_recheck",
        "person": _PERSON,
        "reading": _reading(38.1),
        "verdict": _verdict("referred", _RAISED, clocks=["recheck", "physical_check"]),
    },
    "refused": {
        "phase": "verdict",
        "person": _PERSON,
        "reading": _reading(36.4),
        "verdict": _verdict("refused", _STOPPED, redirect_to="mong-cai"),
    },
    "refused_to_another_gate": {
        "phase": "verdict",
        "person": _PERSON,
        "reading": _reading(36.4),
        "verdict": _verdict("refused", _STOPPED, redirect_to="mong-cai", redirect_to_names=_GATE["name"]),
    },
    "passing": {
        "phase": "verdict",
        "person": _PERSON,
        "reading": _reading(36.4),
        "verdict": _verdict("cleared", _WITHIN),
        "automatic_passage_s": 20,
        "passage_left_s": 17.0,
    },
    "stepped-away": {
        "phase": "awaiting_recheck",
        "person": _PERSON,
        "reading": _reading(38.1),
        "crossing_id": "d1",
        "verdict": _verdict("recheck", _RAISED, clocks=["recheck"]),
    },
    "room-full": {
        "phase": "empty",
        "saved": {**_SAVED, "outcome": "referred", "place_id": None},
        "closed": {"crossing_id": "d1", "disposition": "referred", "place_id": None, "room_reason": "room_full"},
    },
    "offline": {
        "phase": "empty",
        "uplink": {"state": "backing_off", "pending": 1284, "since": _FOUR_PAST_NOON},
    },
    "no-picture": {"phase": "empty", "devices": [{"device_id": "lane-2-face", "state": "down"}]},
    "saved": {"phase": "empty", "saved": _SAVED},
    "referred_saved": {"phase": "empty", "saved": {**_SAVED, "outcome": "isolated", "place_id": "C1"}},
}


def lane_view(name):
    """Return the LaneView of a scene, with times around now."""
    chosen = LANES[name]
    verdict = chosen.get("verdict")
    if verdict:
        verdict = {**verdict, "clocks": [_clock(kind, limit_s=7200, used=0.45) for kind in verdict["clocks"]]}
    view = {
        "version": 1,
        "gate": "mong-cai",
        "gate_names": _GATE["name"],
        "lane": {"lane_id": name, "label": "Làn 2"},
        "direction": "entry",
        "officer": "Phạm Thu Hà",
        "now": _at(),
        "draft_id": None if chosen["phase"] == "empty" else "d1",
        "person": None,
        "history": _history() if chosen.get("person") else [],
        "candidates": [],
        "reading": None,
        "saved": {**_SAVED, "recorded_at": _at(seconds=30)},
        "uplink": {"state": "idle", "pending": 0, "since": None},
        "devices": [_UP],
        "last_hour": _last_hour(),
        "threshold_c": 37.2,
    }
    view |= {**chosen, "verdict": verdict}
    view["candidates"] = [{**one, "observed_at": _at(seconds=2)} for one in view["candidates"]]
    view["saved"]["recorded_at"] = _at(seconds=30)
    return view


def _history():
    random = Random(3)
    return [
        {"observed_at": _at(days=17 - index), "temperature_c": round(36.4 + random.gauss(0, 0.12), 1)}
        for index in range(14)
    ]


def _last_hour():
    random = Random(5)
    dots = [
        {
            "observed_at": _at(seconds=random.uniform(30, 3500)),
            "temperature_c": round(random.gauss(36.3, 0.28), 1),
            "outcome": "cleared",
        }
        for _ in range(150)
    ]
    return [*dots, {"observed_at": _at(seconds=90), "temperature_c": 38.1, "outcome": "recheck"}]


def _board_clock(kind, *, limit_s, used, who="head_of_quarantine_organisation", **more):
    clock = _clock(kind, limit_s=limit_s, used=used)
    return {**clock, "who_acts": who, "is_extendable": False, "is_extended": False, "escalated_because": None, **more}


def _in_care(crossing_id, name, state, *, step, **more):
    return {
        "crossing_id": crossing_id,
        "lane_id": "lane-1",
        "full_name": name,
        "document_number_masked": "••••7385",
        "nationality": "VNM",
        "age_years": 41,
        "sex": "female",
        "category": "border_resident",
        "temperature_c": 38.6,
        "disposition": "isolated",
        "isolated_at": _at(minutes=40),
        "is_erased": False,
        "state": state,
        "next_step": step,
        "steps": [
            "provided",
            "notified",
            "escalated",
            "extended",
            "contact_listed",
            "released",
            "turned_back",
            "departed",
        ],
        "clocks": [],
        "provisions": [],
        "notices": [],
        "duties": [],
        "outcome": None,
        "destination": "",
        "contacts": 0,
        **more,
    }


def _in_the_room():
    gate = "head_of_gate_body"
    first = _in_care("c7", "HOÀNG THỊ NHƯỜNG", "proposed", step="decided", outcome="group_a_suspected", contacts=2)
    first["clocks"] = [
        _board_clock("isolation_decision", limit_s=3600, used=0.8, who=gate),
        _board_clock("temporary_hold", limit_s=7200, used=0.6, is_extendable=True),
    ]
    lapsed = _in_care("c3", "PHÙN A LỀNH", "lapsed", step="released", duties=["self_monitoring"])
    late = {"escalated_because": "decider_away"}
    lapsed["clocks"] = [_board_clock("isolation_decision", limit_s=3600, used=1.4, who=gate, **late)]
    stays = _in_care(
        "c4", "CHEN GUOQIANG", "isolated", step="notified", nationality="CHN", provisions=["water", "food"]
    )
    stays["clocks"] = [
        _board_clock("consular_notice", limit_s=0, used=1, who=gate),
        _board_clock("gate_isolation", limit_s=172800, used=0.02),
        _board_clock("facility_handover", limit_s=172800, used=0.02),
    ]
    return first, lapsed, stays


def isolation():
    """Return the room: a decision due soon, a lapsed hold, a stay that began, one on the road, two who wait."""
    places = [{"place_id": name, "person": None} for name in ("C1", "C2", "C3", "C4", "C5", "C6")]
    for place, person in zip(places, _in_the_room(), strict=False):
        place["person"] = person
    outside = {"disposition": "referred", "isolated_at": None}
    clocks = [
        _board_clock("isolation_list", limit_s=3600, used=0.3),
        _board_clock("physical_check", limit_s=7200, used=0.15, who="health_quarantine_officer"),
    ]
    referred = _in_care("c8", "LÝ A SẦN", "held", step="check_started", clocks=clocks, **outside)
    pending = _in_care("c9", "TRẦN VĂN BÁCH", "alarmed", step=None, lane_id="lane-2", **outside)
    pending |= {"disposition": "pending", "steps": []}
    road = _in_care("c5", "NÌNH VĂN DẾNH", "in_transit", step="arrived", destination="TTYT Móng Cái", **outside)
    road |= {"departed_at": _at(minutes=130), "steps": ["returned", "provided", "notified", "escalated"]}
    road["clocks"] = [_board_clock("transfer_arrival", limit_s=7200, used=1.1)]
    lists = {"waiting": [pending, referred], "in_transit": [road], "owed": []}
    grounds = ["patient", "suspect", "carrier"]
    return {"room_id": "mong-cai", "now": _at(), "places": places, "grounds": grounds, **lists}


def veiled():
    """Return the same room as a locked station shows it."""
    room = isolation()
    kept = ("crossing_id", "state", "disposition", "clocks")
    placed = [(place["person"], place["place_id"]) for place in room["places"] if place["person"]]
    people = [*placed, *((person, "") for name in ("waiting", "in_transit", "owed") for person in room[name])]
    shown = [{name: person[name] for name in kept} | {"place_id": place_id} for person, place_id in people]
    return {"now": room["now"], "is_locked": True, "places": len(room["places"]), "people": shown}


def crossings():
    """Return the last crossings of a lane."""
    one = {
        "crossing_id": "c1",
        "full_name": "NGUYỄN VĂN SƠN",
        "category": "tourist",
        "direction": "entry",
        "purpose": "tourism",
        "temperature_c": 36.5,
        "disposition": "cleared",
        "observed_at": _at(minutes=2),
    }
    return {"crossings": [one]}


def health():
    """Return an edge's health with a stale device."""
    faults = {"checksum": 3}
    devices = [{**_UP, "readings": 214, "faults": faults, "last_event_at": _at(seconds=1), "detail": ""}]
    devices.append({"device_id": "lane-2-face", "state": "stale", "readings": 3, "faults": {}, "last_event_at": None})
    return {
        "edge_id": "mong-cai-1",
        "pending": 0,
        "uplink": {"state": "idle", "last_receipt_at": _at(seconds=4)},
        "devices": devices,
    }


def registered_devices():
    """Return one device as each condition leaves it, with their entries in the register."""
    entry = {"state": "up", "readings": 214, "faults": {"checksum": 3}, "detail": "", "last_event_at": _at(seconds=1)}
    entry |= {"reasons": [], "voice": {}, "contradictions": [], "since": None, "owner": "Kiểm dịch Móng Cái"}
    entry |= {"calibrated_on": "2026-03-01", "calibration_due_on": "2027-03-01", "certificate": "HC-2026-0117"}
    found = [
        ("up", {}, {"serial_number": "A7-3311", "voice": {"battery_percent": 81.0, "clock_offset_s": -2.0}}),
        ("out_of_calibration", {"code": "calibration_over", "values": {"due_on": "2026-11-01", "days": 21}}, {}),
        ("drifting", {"code": "drift_reference_body", "values": {"shift_c": 0.31, "readings": 3}}, {}),
        ("suspicious", {"code": "suspicion_frozen", "values": {"readings": 12}}, {}),
        ("warming_up", {"code": "warm_up_left", "values": {"minutes": 12}}, {}),
        ("stale", {"code": "link_stale", "values": {}}, {"state": "stale"}),
        ("down", {"code": "link_down", "values": {}}, {"state": "down", "since": _at(minutes=9)}),
        (
            "up",
            {},
            {
                "serial_number": "B1",
                "firmware": "1.2",
                "voice": {"serial_number": "B2"},
                "contradictions": ["serial_number"],
                "calibration_due_on": None,
                "calibrated_on": None,
                "certificate": "",
            },
        ),
    ]
    devices = [
        {"device_id": f"face-{number}", "model": "facesluice", "model_name": "Face terminal", "lane_id": "lane-1"}
        | {"serial_number": "", "firmware": ""}
        | entry
        | {"condition": condition, "reasons": [reason] if reason else []}
        | more
        for number, (condition, reason, more) in enumerate(found, start=1)
    ]
    return {"devices": devices, "lanes": {"lane-1": "Làn 1"}, "now": _at(seconds=0)}


def _case_line(number, *, used, **more):
    return {
        "crossing_id": f"c{number}",
        "case_number": f"QN-261122-000{number}",
        "gate": _GATE["name"],
        "lane_id": "lane-2",
        "sex": "female",
        "age_years": 41,
        "category": "border_resident",
        "temperature_c": 38.6,
        "site": "ear",
        "observed_at": _at(minutes=20),
        "disposition": "isolated",
        "place_id": "C1",
        "case_class": None,
        **_clock("isolation_list", limit_s=3600, used=used),
        **more,
    }


def follow_ups():
    """No contact of these scenes is followed up."""
    return {"follow_ups": []}


def desk():
    """Return three cases: red, amber, calm."""
    cases = [
        _case_line(7, used=0.85),
        _case_line(6, used=0.6, sex="male", age_years=29, category="driver_or_crew", temperature_c=37.9),
        _case_line(5, used=0.1, sex="male", age_years=55, category="expert", disposition="referred", place_id=None),
    ]
    return {"now": _at(), "as_of": _at(), "cases": cases}


def case(crossing_id):
    """Return one case in full."""
    clinical = {
        **_reading(38.6),
        "kind": "clinical",
        "device_kind": "clinical_thermometer",
        "site": "ear",
        "raw_c": None,
        "observed_at": _at(minutes=16),
        "unusable_because": [],
    }
    scan = {**_reading(38.1), "device_kind": "thermal_array", "observed_at": _at(minutes=20), "unusable_because": []}
    timeline = [
        {"at": _at(minutes=20), "type": "crossing_screened", "temperature_c": 38.1, "outcome": "recheck"},
        {"at": _at(minutes=16), "type": "temperature_rechecked", "temperature_c": 38.6, "outcome": "referred"},
        {"at": _at(minutes=13), "type": "traveller_isolated", "place_id": "C1", "officer_ref": "canbo"},
    ]
    return {
        **_case_line(int(crossing_id[1:]), used=0.85),
        "direction": "entry",
        "purpose": "trade_or_work",
        "person": None,
        "readings": [scan, clinical],
        "reasons": [_RAISED],
        "clocks": isolation()["places"][0]["person"]["clocks"],
        "timeline": timeline,
        "reviews": [],
    }


def identity():
    """Return who it is, once asked."""
    return {"full_name": "HOÀNG THỊ NHƯỜNG", "document_number": "TQ0417385", "address": "Phường Móng Cái 1"}


_SHAPE = [30, 12, 10, 30, 60, 180, 840, 1310, 1200, 1010, 950, 900, 700, 820, 510]
_ORDER = {
    "title": {
        "vi": "Dừng cư dân biên giới, chiều vào, Móng Cái",
        "en": "Stop border residents",
        "zh": "暂停边民入境",
    },
    "document": "CT 05/CT-UBND",
    "clause": "khoản 3",
    "state": "stopped",
    "from": "2026-11-18",
    "applied": 12,
}


def figures():
    """Return the command figures: one silent gate, one suspended."""
    counts = {"crossings": 16115, "measured": 16109, "suspected": 148, "isolated": 3, "refused": 2, "pending": 1}
    heard = {"last_received_at": _at(minutes=1), "is_silent": False, "is_suspended": False}
    gate = {**_GATE, "figures": counts, "entry": 8204, "exit": 7911, **heard}
    bad = {"device_id": "face-2", "lane_id": "lane-2", "condition": "out_of_calibration", "since": _at(hours=3)}
    drifting = {"device_id": "array-1", "lane_id": "lane-1", "condition": "drifting", "since": _at(minutes=20)}
    silent_name = {"vi": "Hoành Mô", "en": "Hoanh Mo", "zh": "横模"}
    silent = {**gate, "name": silent_name, "is_silent": True, "last_received_at": _at(hours=2), "entry": 214}
    opening = {"vi": "Lối mở Lục Lầm", "en": "Luc Lam opening", "zh": "陆林通道"}
    suspended = {**gate, "name": opening, "is_suspended": True, "redirect_to": _GATE["name"], "figures": None}
    unheard = {**gate, "name": {"vi": "Bắc Phong Sinh", "en": "Bac Phong Sinh", "zh": "北风生"}, "figures": None}
    unheard |= {"last_received_at": None, "is_silent": True}
    return {
        "as_of": _at(seconds=3),
        "now": _at(),
        "report_day": "2026-11-22",
        "province": {"vi": "tỉnh Quảng Ninh", "en": "Quang Ninh province", "zh": "广宁省"},
        "scenario": {
            "scenario": "scenario_2",
            "from": _at(days=2),
            "to": None,
            "document": "CT 05/CT-UBND",
            "clause": "khoản II.2",
            "gates": None,
        },
        "broken_identities": [],
        "identities_hold": True,
        "ledger": {"position": 48213907},
        "totals": {**counts, "withdrawn": 0, "not_measured": 6, "confirmed": 5, "referred": 1, "redirected": 2}
        | {"cleared_after_recheck": 143},
        "standing": counts["crossings"],
        "directions": {"entry": 9120, "exit": 8722, "transit": 0},
        "last_week": {"crossings": 17140},
        "isolation": {"occupied": 3, "places": 12},
        "gates": [{**gate, "devices": [bad, drifting]}, silent, unheard, suspended],
        "hours": [*_SHAPE, *([0] * 9)],
        "hours_last_week": [*_SHAPE, 1120, 1030, 830, 560, 300, 170, 120, 60, 30],
        "orders": [_ORDER, {**_ORDER, "state": "open", "title": "Khai báo y tế với người đến từ vùng có dịch"}],
    }


def broken_figures():
    """Return figures that do not add up at one gate, and a room whose size the centre cannot know."""
    broken = [
        {"gate": _GATE["name"], "figure": "crossings", "left": 16115, "right": 16114},
        {"gate": None, "figure": "crossings", "left": 17842, "right": 17841},
    ]
    lone_gate = {**figures()["scenario"], "gates": [_GATE["name"]]}
    return figures() | {
        "identities_hold": False,
        "broken_identities": broken,
        "scenario": lone_gate,
        "isolation": {"occupied": 3, "places": None, "longest_s": None},
    }


_EDGE = {
    "edge_id": "mong-cai-1",
    "point_of_entry_id": "mong-cai",
    "name": _GATE["name"],
    "kind": "edge",
    "fingerprint": "6668-7aad-f862-bd77",
    "revoked_at": None,
    "revoked_reason": None,
    "frozen_at": None,
    "opened_reason": "restored_database",
    "sequence": 48213,
    "incarnation": 2,
    "is_silent": False,
    "pending_records": 12,
    "lost_records": 3,
    "recovered_records": 41,
    "quarantined_records": 2,
    "unprojected_records": 0,
    "orders_sequence": 9,
}


def units():
    """Return four edges, one of them silent, one new and one revoked, and three alarms."""
    times = {"enrolled_at": _at(days=40), "confirmed_at": _at(days=40)}
    heard = {**_EDGE, **times, "last_contact_at": _at(seconds=9), "orders_at": _at(seconds=40)}
    owes_nothing = dict.fromkeys((name for name in heard if name.endswith("_records")), 0)
    never = {**heard, **owes_nothing, "opened_reason": None, "orders_at": None, "last_contact_at": None, "sequence": 0}
    silent = {**never, "edge_id": "hoanh-mo-1", "is_silent": True}
    new = {**never, "edge_id": "mong-cai-3", "confirmed_at": None, "fingerprint": "0b1c-99f0-7d3e-a412"}
    gone = {"revoked_at": _at(days=3), "revoked_reason": "máy bị mất", "last_contact_at": _at(days=3)}
    revoked = {**never, **gone, "edge_id": "mong-cai-0", "sequence": 901}
    fork, restored, double = _alarms()
    return {
        "now": _at(),
        "silent_after_s": 900,
        "edges": [heard, silent, new, revoked],
        "alarms": [fork, restored],
        "cleared_alarms": [double],
        "gates": [{"point_of_entry_id": "mong-cai", "name": _GATE["name"]}],
    }


def _alarms():
    """A fork and a restored edge that stand, and a double that somebody dealt with."""
    fork = {
        "alarm_id": 2,
        "kind": "fork",
        "edge_id": "mong-cai-1",
        "incarnation": 1,
        "sequence": 4021,
        "expected_hash": "3f" * 32,
        "found_hash": "a7" * 32,
        "raised_at": _at(hours=5),
        "detail": {},
        "cleared_at": None,
        "cleared_by": None,
        "cleared_reason": None,
    }
    lost = {"previous_incarnation": 1, "lost_from": 4019, "lost_to": 4021, "lost_records": 3}
    told = {"detail": {"reason": "restored_database", **lost}, "expected_hash": "", "found_hash": ""}
    restored = {**fork, **told, "alarm_id": 1, "kind": "edge_restored", "incarnation": 2}
    done = {"cleared_at": _at(hours=1), "cleared_by": "quantri", "cleared_reason": "đã thu hồi máy thừa"}
    return fork, restored, {**fork, **done, "alarm_id": 0, "kind": "identity_duplicate"}


def reports():
    """Return a day with two revisions and the open day."""
    first = {"revision": 1, "frozen_at": _at(hours=20), "sha256": "0", "crossings": 17610, "identities_hold": True}
    change = {"point_of_entry_id": "hoanh-mo", "figure": "crossings", "before": 0, "after": 214}
    second = {**first, "revision": 2, "crossings": 17824, "difference": [change]}
    done = {"day": "2026-11-21", "state": "frozen", "revisions": [first, second]}
    return {"now": _at(), "reports": [{"day": "2026-11-22", "state": "open", "revisions": []}, done]}
