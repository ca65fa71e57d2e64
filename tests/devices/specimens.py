"""What the conformance suite feeds to each registered driver. A new driver adds one row here.

A specimen's ``units`` are the smallest byte strings that each complete exactly one event: frames,
lines, answers or messages. All are synthetic, built from documents and never captured.
"""

import gzip
import struct
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from devices.reading import Fault, ThermalFrame
from devices.registry import load_driver
from tests.devices.gy_bytes import EMISSIVITY_095, GOLDEN, frame

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


class Specimen(NamedTuple):
    """Good bytes for one driver, and what separates a good unit from garbage before it."""

    driver: str
    units: tuple[bytes, ...]
    options: dict = {}  # noqa: RUF012  never written
    garbage_ends_with: bytes = b""
    events_per_unit: int = 1


def _rec_push(record, temperature):
    fields = {
        "customId": "",
        "personId": str(record),
        "RecordID": str(record),
        "VerifyStatus": "1",
        "persionName": "EXAMPLE",
        "time": "2026-11-22 08:00:00",
        "facesluiceId": "1000001",
        "temperature": temperature,
    }
    return msgspec.json.encode({"operator": "RecPush", "info": fields})


def _cptv(*, frames):
    """A recording of flat pictures of 8 x 6, each a tenth of a degree warmer: fields as in SPECv2.md."""

    def section(letter, fields):
        packed = [struct.pack("<B", len(content)) + key + content for key, content in fields]
        return letter + struct.pack("<B", len(packed)) + b"".join(packed)

    content = b"CPTV\x02" + section(
        b"H", [(b"X", struct.pack("<I", 8)), (b"Y", struct.pack("<I", 6)), (b"C", b"\x01"), (b"E", b"lepton3.5")]
    )
    for number in range(frames):
        pixels = struct.pack("<i", 29_700 if number == 0 else 10) + b"\x00" * 47
        size = struct.pack("<I", len(pixels))
        content += section(b"F", [(b"w", b"\x08"), (b"f", size), (b"t", struct.pack("<I", 60_000 + 115 * number))])
        content += pixels
    return gzip.compress(content, mtime=0)


SPECIMENS = {
    specimen.driver: specimen
    for specimen in (
        Specimen("gy_mcu90640", (GOLDEN, frame(1), EMISSIVITY_095, frame(2), frame(3), frame(4))),
        Specimen(
            "mrz_reader",
            (
                b"GTH-2026-000123\r",
                b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10\r\n",
                b"\x02I<UTOD231458907<<<<<<<<<<<<<<<\r7408122F1204159UTO<<<<<<<<<<<6\rERIKSSON<<ANNA<MARIA<<<<<<<<<<\r\x03",
                "022087001234||Nguyễn Thị Bưởi|01021987|Nữ|Móng Cái|01022022\n".encode(),
                b"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6\n",
            ),
            garbage_ends_with=b"\r",
        ),
        Specimen(
            "facesluice",
            (_rec_push(501, "36.5"), _rec_push(502, "0"), _rec_push(503, 37.9)),
            options={"facesluice_id": "1000001"},
        ),
        Specimen("cptv", (_cptv(frames=5),), events_per_unit=5),
    )
}


def driver_of(name):
    """A driver at the beginning of its stream, as the registry builds it."""
    options = SPECIMENS[name].options if name in SPECIMENS else {}
    return load_driver(name)(device_id="device-1", options=options)


def wire_of(name):
    """How bytes reach the driver: a stream may be cut and finds its way back, messages come whole, files may break."""
    return load_driver(name).manifest.wire


def decode(name, chunks, *, driver=None):
    """Everything a driver says of the chunks, the end of the stream included."""
    driver = driver or driver_of(name)
    events = [event for chunk in chunks for event in driver.feed(chunk, received_at=AT)]
    return events + list(driver.finish(received_at=AT))


def essence(event, *, with_place=True):
    """What two equal events agree on, comparable with ==; pictures by their pixels."""
    fields = msgspec.structs.asdict(event)
    fields.pop("delivery_key", None)
    if not with_place:
        for name in ("byte_offset", "sequence"):
            fields.pop(name, None)
    if isinstance(event, ThermalFrame):
        fields["celsius"] = (event.celsius.shape, event.celsius.tobytes())
    return type(event).__name__, tuple(sorted((name, repr(value)) for name, value in fields.items()))


def good(events):
    """The events that are no faults, without their place in the stream."""
    return [essence(event, with_place=False) for event in events if not isinstance(event, Fault)]
