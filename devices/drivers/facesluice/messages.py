"""The JSON messages of a "facesluice" face terminal, reduced to the few fields that may leave the driver.

Names, pictures, identity and telephone numbers are in these messages. They are never decoded: each
field of ``info`` stays raw JSON, and only the fields named by the field map are ever looked at.

Topics and operators: five public implementations of the protocol; acknowledgement: "MQTT Protocol
of Intelligent Network Camera" V1.25, section on continuous transmission (a terminal that is not
answered within 10 s sends the same record again). The spelling of the temperature fields is not
published; that is why the map is configurable.
"""

import math
import re
from enum import StrEnum

import msgspec

from devices.reading import Outgoing

PLAIN_DECIMAL = re.compile(r"[+-]?\d{1,6}(\.\d{1,12})?", re.ASCII)
PLAIN_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
TRUE_WORDS = frozenset({"1", "true", "yes"})
FALSE_WORDS = frozenset({"0", "false", "no"})


class RecordKind(StrEnum):
    """What the terminal counts: recognised people and strangers have separate counters."""

    RECOGNISED = "rec"
    STRANGER = "snap"


PUSH_KINDS = {
    "RecPush": RecordKind.RECOGNISED,
    "VerifyPush": RecordKind.RECOGNISED,
    "StrSnapPush": RecordKind.STRANGER,
    "SnapPush": RecordKind.STRANGER,
}

PUSH_ACK_TYPES = {RecordKind.STRANGER: 1, RecordKind.RECOGNISED: 2}
"""``PushAckType`` of the vendor's document."""


class MessageError(ValueError):
    """The bytes are no message of this protocol; the text says why and quotes nothing of them."""


class Message(msgspec.Struct, frozen=True):
    """One message: what it is about, and its fields as raw JSON that nobody has looked into."""

    operator: str = ""
    info: dict[str, msgspec.Raw] = {}


_DECODER = msgspec.json.Decoder(Message)


def parse_message(payload: bytes) -> Message:
    """Read the outer shape of a message; raises ``MessageError`` on anything else, however deep or broken."""
    try:
        payload.decode("utf-8")
        return _DECODER.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = "not a JSON object with operator and info in UTF-8"
        raise MessageError(msg) from error
    except RecursionError as error:
        msg = "JSON nested too deeply"
        raise MessageError(msg) from error


def text_field(message: Message, key: str) -> str | None:
    """Return a field that is a string or a number as text; None if it is missing, null or empty.

    Numbers arrive as strings on most firmwares and as numbers on some.

    >>> text_field(parse_message(b'{"operator":"RecPush","info":{"RecordID":501}}'), "RecordID")
    '501'
    """
    raw = message.info.get(key)
    if raw is None:
        return None
    try:
        content = msgspec.json.decode(bytes(raw), type=str | int | float | bool | None)
    except (msgspec.MsgspecError, RecursionError) as error:
        msg = "a field is neither text nor number"
        raise MessageError(msg) from error
    if content is None:
        return None
    return str(content).strip() or None


def number_field(message: Message, key: str) -> float | None:
    """Return a field as a finite number; None if missing or empty; ``MessageError`` if it is something else."""
    text = text_field(message, key)
    if text is None:
        return None
    if PLAIN_DECIMAL.fullmatch(text) is None or not math.isfinite(float(text)):
        msg = "a field that should be a number is not"
        raise MessageError(msg)
    return float(text)


def flag_field(message: Message, key: str) -> bool | None:
    """Return a field as yes or no, None when it is missing or says neither."""
    text = (text_field(message, key) or "").lower()
    if text in TRUE_WORDS:
        return True
    return False if text in FALSE_WORDS else None


def push_acknowledgement(*, terminal_id: str, kind: RecordKind, record_id: str, operator: str) -> Outgoing:
    """Make the answer that stops the terminal from sending this record again.

    The vendor's document has ``PushAck`` with ``PushAckType`` and ``SnapOrRecordID``; other firmware
    wants ``RecPushAck`` and looks for ``RecordID``. Both sets of fields are sent.
    """
    number: str | int = int(record_id) if PLAIN_NUMBER.fullmatch(record_id) else record_id
    content = {
        "operator": operator,
        "messageId": f"{kind}-{record_id}",
        "info": {
            "facesluiceId": terminal_id,
            "PushAckType": PUSH_ACK_TYPES[kind],
            "SnapOrRecordID": number,
            "SnapID" if kind is RecordKind.STRANGER else "RecordID": record_id,
            "result": "ok",
        },
    }
    return Outgoing(topic=f"mqtt/face/{terminal_id}", payload=msgspec.json.encode(content))


def online_acknowledgement(*, terminal_id: str) -> Outgoing:
    """Make the answer to ``Online``, which the terminal otherwise repeats."""
    content = {"operator": "Online-Ack", "messageId": "online", "info": {"facesluiceId": terminal_id, "result": "ok"}}
    return Outgoing(topic=f"mqtt/face/{terminal_id}", payload=msgspec.json.encode(content))
