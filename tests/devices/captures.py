"""The recipes of tests/captures: ``python -m tests.devices.captures`` writes the files anew."""

import random
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.devices.gy_bytes import EMISSIVITY_095, GOLDEN, frame, frame_of
from tests.devices.specimens import HEARTBEAT, access_event, face_capture, stream_part

FOLDER = Path(__file__).resolve().parent.parent / "captures"


def rough_line() -> bytes:
    """What a loose plug and a cold start do to a thermal array's stream (devices reference 1.1)."""
    lost_byte = bytearray(frame(2))
    del lost_byte[700]
    flipped = bytearray(frame(4))
    flipped[900] ^= 0x10
    too_hot = frame_of([3000] * 400 + [0x5A5A] + [3000] * 367)
    parts = (frame(0)[1000:], frame(1), EMISSIVITY_095, bytes(lost_byte), frame(3), bytes(flipped))
    return b"".join((random.Random(1).randbytes(37), *parts, too_hot, GOLDEN, frame(5)[:612]))


def three_documents() -> bytes:
    """Specimens of ICAO Doc 9303 parts 4 and 5, and an invented pass number (devices reference 9)."""
    glued = b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10\r"
    card = b"i<utod231458907<<<<<<<<<<<<<<<\r\n7408122f1204159uto<<<<<<<<<<<6\r\neriksson<<anna<maria<<<<<<<<<<\r\n"
    return glued + card + b"GTH-2026-000123\r"


def records() -> bytes:
    """Messages in the shape that five public implementations agree on (devices reference 6.2)."""
    terminal = {"facesluiceId": "1000001", "time": "2026-11-22 08:00:00"}
    person = {"personId": "7", "persionName": "EXAMPLE", "VerifyStatus": "1"}
    measured = {"operator": "RecPush", "info": {**person, "RecordID": "501", "temperature": "36.5", **terminal}}
    unmeasured = {"operator": "RecPush", "info": {**person, "RecordID": "502", "temperature": "0", **terminal}}
    stranger = {"operator": "StrSnapPush", "info": {"SnapID": "88", "temperature": "37.9", **terminal}}
    heartbeat = {"operator": "HeartBeat", "info": terminal}
    return b"".join(
        msgspec.json.encode(message) + b"\n" for message in (measured, measured, unmeasured, stranger, heartbeat)
    )


def alert_stream() -> bytes:
    """Parts in the shape of public bodies (devices reference 6.1): faces, a heartbeat, a gap, an alarm of a machine."""
    noise = random.Random(2).randbytes(50).replace(b"--", b"..")
    machine = b'{"eventType":"TMA","eventState":"active","dateTime":"2026-11-22T08:00:02+07:00","currTemperature":48.1}'
    gap = access_event(2005, currTemperature=37.9, thermometryUnit="celsius")
    parts = [stream_part(body) for body in (face_capture(101, 35.9), access_event(2001), gap, machine)]
    beat = stream_part(HEARTBEAT, media_type=b"application/xml")
    return b"\r\n".join((parts[0], beat, parts[1], noise, parts[2], parts[3]))


def punches() -> bytes:
    """Rows of a ZKTeco push (devices reference 6.4): measured, not measured, a door, an unset clock, and ATTLOG."""
    rows = (
        b"time=2026-11-22 08:00:00\tpin=100001\tevent=3\tindex=40\tmaskflag=0\ttemperature=36.5\tconvtemperature=36.5",
        b"time=2026-11-22 08:00:01\tpin=100002\tevent=3\tindex=41\tmaskflag=0\ttemperature=0\tconvtemperature=0",
        b"time=2026-11-22 08:00:02\tsensor=02\trelay=00\talarm=0100000000000000\tdoor=01",
        b"time=1971--10--29 -23:-27:-54\tpin=100003\tevent=3\tindex=42\ttemperature=37.9\tconvtemperature=37.9",
        b"11\t2026-11-22 08:00:03\t0\t25\t0\t0\t0\t1\t36.9\t36.9",
    )
    return b"\r\n".join(rows) + b"\r\n"


RECIPES: dict[str, Callable[[], bytes]] = {
    "gy_mcu90640/golden_frame.synthetic.bin": lambda: GOLDEN,
    "gy_mcu90640/rough_line.synthetic.bin": rough_line,
    "mrz_reader/three_documents.synthetic.bin": three_documents,
    "facesluice/records.synthetic.jsonl": records,
    "hikvision/alert_stream.synthetic.bin": alert_stream,
    "zkteco_push/punches.synthetic.txt": punches,
}


def write() -> None:
    """Write every file."""
    for name, recipe in RECIPES.items():
        file = FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(recipe())


if __name__ == "__main__":
    write()
