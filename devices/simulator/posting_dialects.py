"""What terminals of three makers post: the requests of a simulated ZKTeco, Uniview and Hikvision terminal.

The messages have the shape and the quirks of the real ones; names, numbers and pictures in them are
invented. See ``devices.simulator.posting_terminal`` for when they are sent.
"""

from datetime import datetime, timedelta, timezone
from typing import Final

import msgspec

from devices.simulator.posting_terminal import Posted, PostingOptions, Shown

VIETNAM: Final = timezone(timedelta(hours=7))
UNSET_CLOCK: Final = "1971--10--29 -23:-27:-54"
NO_PICTURE: Final = b"\xff\xd8\xff\xd9"


class ZktecoDialect:
    """Push 3.x: greets, registers, then posts one row of ``rtlog`` a person."""

    def __init__(self, options: PostingOptions) -> None:
        self._serial_number = str(options.serial_number)

    def greetings(self) -> tuple[Posted, ...]:
        """Give the three calls with which it comes up."""
        parameters = f"SN={self._serial_number}"
        registry = f"DeviceType=acc,~DeviceName=EXAMPLE,PushVersion=Ver 3.0,~SerialNumber={self._serial_number}"
        return (
            Posted(method="GET", target=f"/iclock/cdata?{parameters}&options=all&pushver=3.1.2&DeviceType=acc"),
            Posted(method="POST", target=f"/iclock/registry?{parameters}", body=registry.encode()),
            Posted(method="GET", target=f"/iclock/push?{parameters}"),
        )

    def record(self, person: Shown, *, number: int, at: datetime | None) -> Posted:
        """Give one punch; nothing measured is ``temperature=0``."""
        local = UNSET_CLOCK if at is None else f"{at.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S}"
        measured = f"{person.skin_c:.1f}" if person.skin_c else "0"
        row = (
            f"time={local}\tpin=100001\tcardno=0\teventaddr=1\tevent=3\tinoutstatus=0\tverifytype=1\tindex={number}\t"
            f"sitecode=0\tlinkid=0\tmaskflag=0\ttemperature={measured}\tconvtemperature={measured}\r\n"
        )
        return Posted(method="POST", target=f"/iclock/cdata?SN={self._serial_number}&table=rtlog", body=row.encode())

    def heartbeat(self, *, at: datetime | None) -> Posted:
        """Ask for commands."""
        del at
        return Posted(method="GET", target=f"/iclock/getrequest?SN={self._serial_number}", is_awaited=False)

    def accepts(self, body: bytes) -> bool:
        """Whether it is answered in its own words."""
        return body.startswith((b"OK", b"RegistryCode=", b"ServerVersion="))


class UniviewDialect:
    """LAPI: one PersonVerification a person, seconds since 1970, 0 for what was not measured."""

    def __init__(self, options: PostingOptions) -> None:
        self._alarm_c = options.alarm_c

    def greetings(self) -> tuple[Posted, ...]:
        """Give nothing: it was subscribed to in its own page."""
        return ()

    def record(self, person: Shown, *, number: int, at: datetime | None) -> Posted:
        """Give one verification, as history where it was kept while nobody listened."""
        seconds = 0 if at is None else int(at.timestamp())
        content = {
            "Seq": number,
            "Timestamp": seconds,
            "NotificationType": int(person.is_history),
            "FaceInfoList": [{"Timestamp": seconds, "Temperature": person.skin_c, "MaskFlag": 0}],
            "CardInfoList": [],
            "LibMatInfoList": [{"MatchStatus": 11 if person.skin_c >= self._alarm_c else 10}],
        }
        return Posted(
            method="POST",
            target="/LAPI/V1.0/System/Event/Notification/PersonVerification",
            media_type="application/json",
            body=msgspec.json.encode(content),
        )

    def heartbeat(self, *, at: datetime | None) -> Posted:
        """Report that it lives."""
        seconds = 0 if at is None else int(at.timestamp())
        return Posted(
            method="POST",
            target="/LAPI/V1.0/PACS/Controller/HeartReportInfo",
            media_type="application/json",
            body=msgspec.json.encode({"RefId": "7", "Time": seconds}),
            is_awaited=False,
        )

    def accepts(self, body: bytes) -> bool:
        """Whether it was answered that it succeeded."""
        return b'"StatusCode":0' in body.replace(b" ", b"")


class HikvisionDialect:
    """Push of an access terminal: a form of JSON and a picture, booleans as words, serial numbers counted up."""

    def __init__(self, options: PostingOptions) -> None:
        self._alarm_c = options.alarm_c
        self._last_number = 0

    def greetings(self) -> tuple[Posted, ...]:
        """Give nothing: where to post was entered in its own page."""
        return ()

    def record(self, person: Shown, *, number: int, at: datetime | None) -> Posted:
        """Give one access event; what was not measured is left out."""
        event: dict[str, object] = {
            "deviceName": "LANE",
            "majorEventType": 5,
            "subEventType": 75,
            "employeeNoString": "0",
            "serialNo": number,
            "frontSerialNo": self._last_number or number - 1,
            "currentVerifyMode": "face",
            "mask": "unknown",
            "currentEvent": not person.is_history,
        }
        if person.skin_c:
            event |= {
                "thermometryUnit": "celsius",
                "currTemperature": person.skin_c,
                "isAbnomalTemperature": "true" if person.skin_c >= self._alarm_c else "false",
            }
        self._last_number = number
        return _form(_alert("AccessControllerEvent", at=at) | {"AccessControllerEvent": event})

    def heartbeat(self, *, at: datetime | None) -> Posted:
        """Send the event that is none."""
        beat = _alert("heartBeat", at=at) | {"eventState": "active"}
        return Posted(
            method="POST",
            target="/events",
            media_type="application/json",
            body=msgspec.json.encode(beat),
            is_awaited=False,
        )

    def accepts(self, body: bytes) -> bool:
        """Whether the answer is there at all: this maker looks at the code alone."""
        return body is not None


def _alert(kind: str, *, at: datetime | None) -> dict[str, object]:
    local = "" if at is None else at.astimezone(VIETNAM).isoformat(timespec="seconds")
    return {
        "ipAddress": "192.0.2.12",
        "macAddress": "02:00:5e:00:00:03",
        "channelID": 1,
        "dateTime": local,
        "eventType": kind,
        "eventState": "active",
    }


def _form(alert: dict[str, object]) -> Posted:
    """Put an alert and a picture into one form, tab-padded as some firmware does."""
    text = msgspec.json.encode(alert).replace(b",", b",\t").replace(b":{", b":\t{")
    body = (
        b'--MIME_boundary\r\nContent-Disposition: form-data; name="event_log"\r\n'
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s\r\n"
        b'--MIME_boundary\r\nContent-Disposition: form-data; name="Picture"; filename="Picture.jpg"\r\n'
        b"Content-Type: image/jpeg\r\nContent-Length: 4\r\n\r\n%s\r\n--MIME_boundary--\r\n"
    ) % (len(text), text, NO_PICTURE)
    kind = "multipart/form-data; boundary=MIME_boundary"
    return Posted(method="POST", target="/events", media_type=kind, body=body)
