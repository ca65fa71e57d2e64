"""What the conformance suite feeds to each registered driver. A new driver adds one row here.

A specimen's ``units`` are the smallest byte strings that each complete exactly one event: frames,
lines, answers or messages. All are synthetic, built from documents and never captured.
"""

import gzip
import struct
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import NamedTuple

import msgspec
import numpy as np

from devices.http_message import write_request
from devices.reading import Fault, ThermalFrame
from devices.registry import load_driver, third_party_drivers
from devices.simulator.infiray_camera import infiray_frame
from devices.simulator.lepton_camera import AGC_STATUS, LeptonState, tcam_message, uvc_frame
from devices.simulator.radiometric_file import radiometric_jpeg
from tests.devices import mlx_pages, point_bytes, senxor_bytes
from tests.devices.gy_bytes import EMISSIVITY_095, GOLDEN, frame, frame_of

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


class Specimen(NamedTuple):
    """Good bytes for one driver, and what separates a good unit from garbage before it.

    ``is_checksummed``: a flipped bit anywhere in a unit can be seen, so that it never makes an event
    that was not sent. ``never``: bytes that are well formed and must not become a picture or a live
    usable reading: zeros that mean "not measured", retained or old values, pictures that are no heat.
    ``is_bare``: the wire has no checksum at all, so that a flipped bit of a pixel is another picture.
    """

    driver: str
    units: tuple[bytes, ...]
    options: dict = {}  # noqa: RUF012  never written
    garbage_ends_with: bytes = b""
    events_per_unit: int = 1
    is_checksummed: bool = False
    never: tuple[bytes, ...] = ()
    is_bare: bool = False


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


def _zkteco(row):
    return write_request("POST", "/iclock/cdata?SN=XXX0000000001&table=rtlog", media_type="text/plain", body=row)


def _punch(index, temperature):
    fields = {
        "time": "2026-11-22 08:00:00",
        "pin": "100001",
        "cardno": "0",
        "eventaddr": "1",
        "event": "3",
        "inoutstatus": "0",
        "verifytype": "1",
        "index": str(index),
        "sitecode": "0",
        "linkid": "0",
        "maskflag": "0",
        "temperature": temperature,
        "convtemperature": temperature,
    }
    return _zkteco("\t".join(f"{name}={text}" for name, text in fields.items()).encode() + b"\r\n")


def _lapi(sequence, temperature, *, path="/System/Event/Notification/PersonVerification"):
    seconds = int(AT.timestamp())
    content = {
        "Seq": sequence,
        "Timestamp": seconds,
        "NotificationType": 0,
        "FaceInfoList": [{"Timestamp": seconds, "Temperature": temperature, "MaskFlag": 0}],
        "CardInfoList": [],
        "LibMatInfoList": [{"MatchStatus": 10}],
    }
    body = msgspec.json.encode(content)
    return write_request("POST", f"/LAPI/V1.0{path}", media_type="application/json", body=body)


def _tasmota(skin, ambient, *, unit="C"):
    measured = {"OBJTMP": skin, "AMBTMP": ambient}
    return msgspec.json.encode({"Time": "2026-11-22T08:00:00", "MLX90614": measured, "TempUnit": unit})


def _isapi(kind, **fields):
    """A message of ISAPI, tab-padded as some firmware writes it."""
    head = {
        "ipAddress": "192.0.2.10",
        "dateTime": "2026-11-22T08:00:00+07:00",
        "eventType": kind,
        "eventState": "active",
    }
    return msgspec.json.encode(head | fields).replace(b",", b",\t")


def access_event(serial, **measured):
    event = {"majorEventType": 5, "subEventType": 75, "serialNo": serial, "frontSerialNo": serial - 1}
    return _isapi("AccessControllerEvent", AccessControllerEvent=event | measured)


def face_capture(face_id, temperature):
    face = {
        "faceId": face_id,
        "faceRect": {"x": 450.0, "y": 380.0, "width": 60.25, "height": 120.5, "age": {"value": 30}},
        "currTemperature": temperature,
        "isAbnomalTemperature": "false",
        "thermometryUnit": "celsius",
        "alarmTemperature": 37.5,
    }
    return _isapi("faceCapture", faceCapture=[{"faces": [face], "uid": f"2026112200{face_id}"}])


HEARTBEAT = (
    b'<EventNotificationAlert version="2.0"><dateTime>2026-11-22T08:00:00+07:00</dateTime>'
    b"<eventType>videoloss</eventType><eventState>inactive</eventState></EventNotificationAlert>"
)


def stream_part(body, *, media_type=b"application/json"):
    return b"--boundary\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (media_type, len(body), body)


def _posted_event(body):
    return write_request("POST", "/events", media_type="application/json", body=body)


def _room(seed, rows, columns):
    """A picture of its own for each seed, as warm as a room with people, in °C."""
    return np.random.default_rng(seed).uniform(18.0, 38.0, size=(rows, columns))


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
        Specimen(
            "gy_mcu90640",
            (GOLDEN, frame(1), EMISSIVITY_095, frame(2), frame(3), frame(4)),
            is_checksummed=True,
            never=(EMISSIVITY_095, frame_of([0] * 768), frame_of([0x5A5A] * 768), frame(9)[:-1] + b"\x00"),
        ),
        Specimen(
            "gy_mcu9061x",
            tuple(
                point_bytes.person(skin_c, header=header)
                for skin_c in (34.6, 35.9)
                for header in ("5A5A4504", "66660104", "66660204")
            ),
            is_checksummed=True,
            never=(
                point_bytes.frame(0.0, own_c=0.0) * 20,
                point_bytes.frame(24.0) * 20,
                point_bytes.frame(60.0) * 20,
                point_bytes.frame(36.5, sum_error=1) * 20,
            ),
        ),
        Specimen("flir_jpeg", (radiometric_jpeg(np.random.default_rng(1).uniform(15, 39, size=(24, 32))),)),
        Specimen("infiray_p2", tuple(infiray_frame(_room(seed, 192, 256)) for seed in range(3)), is_bare=True),
        Specimen(
            "lepton",
            tuple(uvc_frame(_room(seed, 120, 160)) for seed in range(3)),
            is_bare=True,
            never=(
                uvc_frame(_room(1, 120, 160), LeptonState(status=AGC_STATUS, is_tlinear=False)),
                uvc_frame(_room(1, 120, 160), LeptonState(is_tlinear=False)),
                uvc_frame(_room(1, 120, 160), LeptonState(status=0x0820)),
                uvc_frame(_room(1, 120, 160), LeptonState(since_ffc_ms=500)),
                uvc_frame(_room(1, 120, 160), has_telemetry=False),
            ),
        ),
        Specimen(
            "lepton_tcam",
            tuple(tcam_message(_room(seed, 120, 160)) for seed in range(3)),
            is_bare=True,
            never=(
                tcam_message(_room(1, 120, 160), LeptonState(status=AGC_STATUS, is_tlinear=False)),
                tcam_message(_room(1, 120, 160), LeptonState(since_ffc_ms=500)),
            ),
        ),
        Specimen("mlx9064x", tuple(mlx_pages.unit(seed) for seed in range(1, 5)), is_checksummed=True),
        Specimen(
            "senxor",
            (
                senxor_bytes.frame(1, (50, 50)),
                senxor_bytes.packet("RREG", b"5F"),
                senxor_bytes.frame(2),
                senxor_bytes.packet("WREG"),
                senxor_bytes.frame(3, (50, 50)),
                senxor_bytes.packet("RRSE", b"B245B30C"),
                senxor_bytes.frame(4, with_header=False),
            ),
            is_checksummed=True,
            never=(
                senxor_bytes.packet("SERR"),
                senxor_bytes.packet("GFRA", bytes(10240)),
                senxor_bytes.packet("GFRA", senxor_bytes.content_of(senxor_bytes.scene(1) - 2731)),
                senxor_bytes.packet("GFRA", senxor_bytes.content_of(senxor_bytes.scene(1)), sum_error=1),
            ),
        ),
        Specimen(
            "barcode_serial",
            (
                b"GTH-2026-000123\r",
                b"8934563138165\r\n",
                "022087001234||Nguyễn Thị Bưởi|01021987|Nữ|Móng Cái|01022022\n".encode(),
                b"https://example.invalid/to-khai/7Q2M\r",
            ),
            garbage_ends_with=b"\r",
            never=(b"\x00\x00\x00\r", b"\r\n\r\n", b"   \r"),
        ),
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
        Specimen(
            "zkteco_push",
            (
                _punch(40, "36.5"),
                _punch(41, "0"),
                _zkteco(b"time=2026-11-22 08:00:00\tsensor=02\trelay=00\talarm=0100000000000000\tdoor=01\r\n"),
                write_request("GET", "/iclock/getrequest?SN=XXX0000000001", media_type="", body=b""),
            ),
        ),
        Specimen(
            "uniview_lapi",
            (_lapi(12, 36.5), _lapi(13, 0), _lapi(14, 37.9), _lapi(0, 0, path="/PACS/Controller/HeartReportInfo")),
        ),
        Specimen(
            "hikvision",
            (
                stream_part(face_capture(101, 35.9)),
                stream_part(HEARTBEAT, media_type=b'application/xml; charset="UTF-8"'),
                stream_part(access_event(2001, currTemperature=98.1, thermometryUnit="fahrenheit")),
                stream_part(access_event(2002, currTemperature=36.6, isAbnomalTemperature=False)),
                stream_part(face_capture(102, 36.8)),
            ),
            options={"backfill_minutes": 0},
        ),
        Specimen(
            "hikvision_push",
            (
                _posted_event(face_capture(101, 35.9)),
                _posted_event(access_event(2001, currTemperature=36.6)),
                _posted_event(HEARTBEAT),
                _posted_event(access_event(2002)),
            ),
        ),
        Specimen(
            "mqtt_json",
            (
                b"tele/gate1/SENSOR " + _tasmota(33.8, 24.7),
                b"tele/gate1/SENSOR " + _tasmota(24.9, 24.7),
                _tasmota(93.2, 76.5, unit="F"),
                b"tele/gate1/LWT Offline",
            ),
            options={"preset": "tasmota", "topic": "tele/gate1/SENSOR", "availability_topic": "tele/gate1/LWT"},
        ),
        Specimen(
            "ble_thermometer",
            tuple(
                bytes.fromhex(text)
                for text in (
                    "06 6D 01 00 FF E4 07 03 0F 0A 1E 00 02",
                    "04 FF FF 7F 00 01",
                    "06 80 01 00 FF EA 07 0B 16 08 00 00 03",
                )
            ),
            options={"site": "axillary"},
        ),
        Specimen(
            "manual",
            (
                b'{"temperature_c":37.2,"site":"axillary","entry_id":"1"}',
                b'{"temperature_c":"36,8","site":"oral","entry_id":"2"}',
                b'{"temperature_c":"","site":"ear","entry_id":"3"}',
            ),
        ),
        Specimen("cptv", (_cptv(frames=5),), events_per_unit=5),
    )
}

SPECIMENS |= {
    entry.name: Specimen(entry.name, **entry.load())
    for entry in entry_points(group="kiemdich.specimens")
    if entry.name in third_party_drivers()
}
"""Installed drivers of others keep the same laws; their packages say with which bytes."""


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
