"""The messages of ISAPI, reduced to the few fields that may leave the driver.

Age, gender, race, expression, names, card and employee numbers and pictures stand in these messages.
They are never decoded: a structure here names what is taken, and nothing else is.

Firmware differs: booleans are words or booleans, numbers may be text, tokens are padded with tabs,
``uid`` stands in the item or at the top, old firmware writes XML. A face's rectangle is in
thousandths on some firmware and in parts of one on other.
"""

import re
from typing import Final

import msgspec

from devices.reading import FaceBox

PART_OF_ONE: Final = 1.0
THOUSANDTHS: Final = 1000.0
HEARTBEATS: Final = frozenset({"videoloss", "heartbeat"})
INDUSTRIAL: Final = frozenset({"TMPA", "TMA"})
"""Temperature alarms of machines and rooms: pre-alarm and alarm. No person is in them."""
SPOOFED: Final = 104
FACE_EVENTS: Final = frozenset({75, 76, SPOOFED, 113})
"""Of major type 5: face recognised, face failed, a picture held up, somebody on a block list."""
MORE: Final = "MORE"

_SPELT: Final = {
    "access": "AccessControllerEvent",
    "alarm_threshold": "alarmTemperature",
    "captures": "faceCapture",
    "device_time": "dateTime",
    "event_state": "eventState",
    "event_type": "eventType",
    "face_id": "faceId",
    "face_time": "faceTime",
    "found": "InfoList",
    "front_serial": "frontSerialNo",
    "is_abnormal": "isAbnomalTemperature",
    "is_current": "currentEvent",
    "major": "majorEventType",
    "match_count": "numOfMatches",
    "minor": "subEventType",
    "progress": "responseStatusStrg",
    "rectangle": "faceRect",
    "search_id": "searchID",
    "search_page": "AcsEvent",
    "serial": "serialNo",
    "target": "targetAttrs",
    "temperature": "currTemperature",
    "unit": "thermometryUnit",
    "wrapped": "EventNotificationAlert",
}
"""Our word for a field, and the maker's."""
_SPELT_IN_SEARCHES: Final = _SPELT | {"major": "major", "minor": "minor"}

Number = int | float | str | None
_LEAF: Final = re.compile(r"<(\w{1,40})>\s*([^<>]{0,200}?)\s*</\1>", re.ASCII)


class AlertError(ValueError):
    """The bytes are no message of ISAPI; the text says why and quotes nothing of them."""


class Rectangle(msgspec.Struct, frozen=True):
    """Where a face is. Some firmware puts age, gender and glasses inside; they are not taken."""

    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0


class Face(msgspec.Struct, frozen=True, rename=_SPELT):
    """One face of a capture."""

    face_id: int | str | None = None
    rectangle: Rectangle | None = None
    temperature: Number = None
    unit: str | None = None
    is_abnormal: bool | int | str | None = None
    alarm_threshold: Number = None


class Target(msgspec.Struct, frozen=True, rename=_SPELT):
    """When the face was seen."""

    face_time: str = ""


class Capture(msgspec.Struct, frozen=True, rename=_SPELT):
    """One picture with its faces."""

    target: Target | None = None
    faces: list[Face] = []
    uid: str = ""


class AccessEvent(msgspec.Struct, frozen=True, rename=_SPELT):
    """What an access terminal says of one event, of a person or of a door."""

    major: int | str | None = None
    minor: int | str | None = None
    serial: int | str | None = None
    front_serial: int | str | None = None
    is_current: bool | str | None = None
    temperature: Number = None
    unit: str | None = None
    is_abnormal: bool | int | str | None = None


class Found(msgspec.Struct, frozen=True, rename=_SPELT_IN_SEARCHES):
    """One event of a search."""

    major: int | str | None = None
    minor: int | str | None = None
    time: str = ""
    serial: int | str | None = None
    temperature: Number = None
    unit: str | None = None
    is_abnormal: bool | int | str | None = None


class SearchPage(msgspec.Struct, frozen=True, rename=_SPELT):
    """One page of a search's answer."""

    search_id: str = ""
    progress: str = ""
    match_count: int = 0
    found: list[Found] = []


class Alert(msgspec.Struct, frozen=True, rename=_SPELT):
    """Any message of ISAPI."""

    event_type: str = ""
    event_state: str = ""
    device_time: str = ""
    uid: str = ""
    captures: list[Capture] = []
    access: AccessEvent | None = None
    search_page: SearchPage | None = None
    wrapped: "Alert | None" = None


_DECODER: Final = msgspec.json.Decoder(Alert)


def read_alert(body: bytes) -> Alert:
    """Read a message in JSON or XML; ``AlertError`` on anything else, however deep or broken."""
    try:
        text = body.decode("utf-8").strip()
        if text.startswith("<"):
            return _from_xml(text)
        alert = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        msg = "neither JSON nor XML of this protocol"
        raise AlertError(msg) from error
    return alert.wrapped or alert


def _from_xml(text: str) -> Alert:
    """Take the fields that hold text and no further element; entities and declarations mean nothing here."""
    if "<EventNotificationAlert" not in text or "</EventNotificationAlert>" not in text:
        msg = "XML that is no whole alert"
        raise AlertError(msg)
    fields = dict(_LEAF.findall(text))
    access = msgspec.convert(fields, AccessEvent) if "<AccessControllerEvent" in text else None
    named = {name: fields[name] for name in ("eventType", "eventState", "dateTime", "uid") if name in fields}
    return msgspec.structs.replace(msgspec.convert(named, Alert), access=access)


def whole_number(content: object) -> int | None:
    """Read a count from a number or text; ``None`` where there is none."""
    if isinstance(content, bool) or not isinstance(content, int | str):
        return None
    text = str(content).strip()
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else None


def face_box(rectangle: Rectangle | None, *, columns: int, rows: int) -> FaceBox | None:
    """Put a face's rectangle into pixels of a picture, whichever of the two scales the firmware writes.

    A rectangle that reaches no further than 1 is in parts of one: in thousandths it would be a face
    of less than a pixel.

    >>> face_box(Rectangle(x=0.383, y=0.4, width=0.17, height=0.596), columns=1000, rows=1000)
    FaceBox(left_px=383, top_px=400, width_px=170, height_px=596)
    >>> face_box(Rectangle(x=450.0, y=380.0, width=60.25, height=120.5), columns=1000, rows=1000)
    FaceBox(left_px=450, top_px=380, width_px=60, height_px=120)
    """
    if rectangle is None:
        return None
    corners = (rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    scale = PART_OF_ONE if max(corners) <= PART_OF_ONE else THOUSANDTHS
    if min(corners) < 0 or max(corners) > THOUSANDTHS or not (rectangle.width and rectangle.height):
        return None
    left, top, width, height = (
        round(corner / scale * size) for corner, size in zip(corners, (columns, rows) * 2, strict=True)
    )
    return FaceBox(left_px=left, top_px=top, width_px=width, height_px=height)
