"""The recipes of tests/captures: ``python -m tests.devices.captures`` writes the files anew."""

import random
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.devices.gy_bytes import EMISSIVITY_095, GOLDEN, frame, frame_of

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


RECIPES: dict[str, Callable[[], bytes]] = {
    "gy_mcu90640/golden_frame.synthetic.bin": lambda: GOLDEN,
    "gy_mcu90640/rough_line.synthetic.bin": rough_line,
    "mrz_reader/three_documents.synthetic.bin": three_documents,
    "facesluice/records.synthetic.jsonl": records,
}


def write() -> None:
    """Write every file."""
    for name, recipe in RECIPES.items():
        file = FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(recipe())


if __name__ == "__main__":
    write()
