"""The parser of Meridian SenXor arrays (MI0802 80x62, MI1602 160x120, MI0502 50x50), on USB serial or TCP.

Sources: the maker's package pysenxor-lite 3.1.6 (Apache-2.0), ``interface/serial_port/parser.py`` and
``proc.py``; devices reference 1.4. USB CDC 0416:b002, b020, 9393; the same bytes over TCP
(``socket://host:port``). A packet::

    0      "   #"     three blanks and #
    4      4 signs    length of what follows, hexadecimal
    8      4 signs    command: GFRA a frame, RREG and RRSE registers, WREG written, SERR no sensor
    12     ...        content
    end-4  4 signs    sum of the bytes from 4 up to here, modulo 65536, hexadecimal

Each command has its possible lengths, so a broken length is known at once and never waited for.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Final

import numpy as np

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire, refuse_unknown_options
from devices.drivers.senxor.commands import OPTIONS, opening_from
from devices.drivers.senxor.frames import FRAMES, picture_in
from devices.framing import ReceiveBuffer, pieces
from devices.lost_bytes import LostBytes
from devices.reading import (
    CommandReply,
    DeviceEvent,
    DeviceKind,
    Fault,
    FaultCode,
    MeasuringSite,
    ReadingKind,
    ThermalFrame,
)

_MARK: Final = b"   #"
_HEAD_BYTES: Final = 12
_AROUND_CONTENT: Final = 8
"""Bytes that the length counts beside the content: command and checksum."""
_HEAD: Final = re.compile(rb"   #([0-9A-Fa-f]{4})(GFRA|RREG|WREG|RRSE|SERR)")
_COMMANDS: Final = (b"GFRA", b"RREG", b"WREG", b"RRSE", b"SERR")
_FEW_HEX: Final = re.compile(rb"[0-9A-Fa-f]{0,4}")
_CHECKSUM: Final = re.compile(rb"[0-9A-Fa-f]{4}")
_HEX: Final = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_MOST_REGISTER_BYTES: Final = 4 * 256
_PIECE_BYTES: Final = 64 * 1024


class Senxor:
    """The incremental parser. Options ``emissivity`` and ``rate_divider`` are set on opening; the stream is started."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="senxor",
        model="Meridian SenXor MI0802, MI1602, MI0502",
        device_kind=DeviceKind.THERMAL_ARRAY,
        wire=Wire.SERIAL,
        baud_rates=(115200,),
        default_baud=115200,
        columns=160,
        rows=120,
        resolution_c=0.1,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.FACE_MAXIMUM,),
        is_indicative=True,
        grade=QualityGrade.SILVER,
        known_limits=(
            "80 x 62, 160 x 120 and 50 x 50 are told apart by the length of a frame; all are indicative",
            "50 x 50 is ambiguous: the maker's package gives a form without header row the same length 5200",
            "such a form would be read shifted by 50 pixels, which is why the header row is commanded on",
            "left and right are as the maker's package gives them; look at a picture before trusting a side",
            "the accuracy depends on the module and is not stated here; without a reference body count on ±2 °C",
            "the header row's own CRC is not described anywhere and not checked; the packet's checksum is",
            "proven on bytes made from the maker's package; no capture of a real module is public",
        ),
        sources=("pysenxor-lite 3.1.6", "devices reference 1.4"),
        verified_against="the maker's package pysenxor-lite, packet by packet in both directions",
    )

    def __init__(self, *, device_id: str, options: DriverOptions | None = None) -> None:
        """Begin at offset 0 of a stream."""
        options = options or {}
        refuse_unknown_options(options, known=OPTIONS, driver="senxor")
        self._device_id = device_id
        self.opening = opening_from(options)
        self._buffer = ReceiveBuffer()
        self._lost = LostBytes(self._buffer, device_id=device_id)
        self._sequence = 0

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes and give the frames, answers and faults they complete, in stream order."""
        del is_retained  # neither a cable nor a connection retains anything
        for piece in pieces(chunk, size=_PIECE_BYTES):
            self._buffer.append(piece)
            yield from self._parse(received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: the beginning of a packet that is left becomes a fault."""
        left = len(self._buffer)
        if left:
            yield from self._lost.end(at=received_at)
        yield from self._lost.skip(left, FaultCode.TRUNCATED, "the stream ended within a packet", at=received_at)
        yield from self._lost.end(at=received_at)

    def _parse(self, at: datetime) -> Iterator[DeviceEvent]:
        """Take everything that can be told apart; leave only the beginning of a packet."""
        while self._buffer:
            front = self._buffer.peek(_HEAD_BYTES)
            head = _HEAD.fullmatch(front)
            size = _packet_bytes(head) if head else None
            if size is not None:
                if len(self._buffer) < size:
                    return
                yield from self._take_packet(self._buffer.peek(size), at)
            elif len(front) < _HEAD_BYTES and _may_begin(front):
                return
            else:
                yield from self._skip_to_blank(at)

    def _skip_to_blank(self, at: datetime) -> Iterator[Fault]:
        """Go to the next byte with which a packet may begin."""
        is_packet = self._buffer.starts_with(_MARK)
        code = FaultCode.BAD_HEADER if is_packet else FaultCode.GARBAGE
        detail = "a packet of unknown command or length" if is_packet else "no packet begins here"
        found = self._buffer.find(_MARK[:1], start=1)
        yield from self._lost.skip(found if found > 0 else len(self._buffer), code, detail, at=at)

    def _take_packet(self, packet: bytes, at: datetime) -> Iterator[DeviceEvent]:
        """Judge a whole packet. With a wrong sum the next one may begin inside it, so only one byte goes."""
        yield from self._lost.end(at=at)
        stated = packet[-4:]
        if not _CHECKSUM.fullmatch(stated) or _sum16(packet[4:-4]) != int(stated, 16):
            detail = "the sum of the packet differs from its last four signs"
            yield from self._lost.skip(1, FaultCode.BAD_CHECKSUM, detail, at=at)
            return
        offset, content = self._buffer.stream_offset, packet[_HEAD_BYTES:-4]
        told: DeviceEvent | tuple[FaultCode, str]
        match packet[8:12]:
            case b"GFRA":
                told = self._frame(content, offset=offset, at=at)
            case b"SERR":
                told = FaultCode.NOT_MEASURED, "the module says that it has no sensor"
            case command:
                told = self._answer(command, content, offset=offset, at=at)
        if isinstance(told, tuple):
            yield from self._lost.skip(len(packet), *told, at=at)
            yield from self._lost.end(at=at)
            return
        self._buffer.discard(len(packet))
        yield told

    def _frame(self, content: bytes, *, offset: int, at: datetime) -> ThermalFrame | tuple[FaultCode, str]:
        picture = picture_in(content)
        if isinstance(picture, tuple):
            return picture
        frame = ThermalFrame(
            device_id=self._device_id, observed_at=at, celsius=picture, sequence=self._sequence, byte_offset=offset
        )
        self._sequence += 1
        return frame

    def _answer(
        self, command: bytes, content: bytes, *, offset: int, at: datetime
    ) -> CommandReply | tuple[FaultCode, str]:
        """Read an answer: a register's value, the values of several, or that one was written."""
        name, value = _answered(command, content)
        if value is None:
            return FaultCode.BAD_MESSAGE, "an answer whose content is not hexadecimal"
        return CommandReply(device_id=self._device_id, observed_at=at, name=name, value=value, byte_offset=offset)


def _may_begin(front: bytes) -> bool:
    """Tell whether fewer bytes than a head can be the beginning of one."""
    is_marked = _MARK.startswith(front[:4]) and _FEW_HEX.fullmatch(front[4:8]) is not None
    return is_marked and any(command.startswith(front[8:]) for command in _COMMANDS)


def _packet_bytes(head: re.Match[bytes]) -> int | None:
    """Give the size of the whole packet, or nothing where its command cannot have such a length."""
    content = int(head[1], 16) - _AROUND_CONTENT
    match head[2]:
        case b"GFRA":
            is_sound = content in FRAMES
        case b"RREG":
            is_sound = content == 2
        case b"RRSE":
            is_sound = 0 < content <= _MOST_REGISTER_BYTES and content % 4 == 0
        case b"WREG":
            is_sound = content == 0
        case _:
            is_sound = 0 <= content <= _MOST_REGISTER_BYTES
    return _HEAD_BYTES + content + 4 if is_sound else None


def _answered(command: bytes, content: bytes) -> tuple[str, float | None]:
    """Name an answer and give its number: for several registers all their bytes as one number, the first highest."""
    if command == b"WREG":
        return "register_written", 1.0
    if not _HEX.fullmatch(content):
        return "", None
    if command == b"RREG":
        return "register", float(int(content, 16))
    pairs = [content[at : at + 4] for at in range(0, len(content), 4)]
    addresses = "_".join(pair[:2].decode().lower() for pair in pairs)
    return f"registers_{addresses}", float(int(b"".join(pair[2:] for pair in pairs), 16))


def _sum16(content: bytes) -> int:
    """Sum bytes modulo 65536; for a frame of forty thousand an array does it twenty times quicker than Python."""
    return int(np.frombuffer(content, dtype=np.uint8).sum(dtype=np.uint64)) & 0xFFFF
