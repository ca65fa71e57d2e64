"""Who this edge is: keys and incarnation, in files of mode 0600 outside the database.

They lie outside so that a restored or copied database is noticed: it does not fit the files, or the
files do not fit the centre's head. ``site`` and ``person index`` keys never leave the edge.

    edge_ed25519.key site_x25519.key person_index.key   the secrets, made here, never replaced
    incarnation grant.json                              under which number the edge writes, and the centre's word for it
    unstated.json                                       lost records that no delivered record has stated yet
    starts                                              how often this identity was started
    high_water                                          the newest record, written without waiting for the disk: a hint
    home                                                on which machine this identity is at home
    centre.json                                         what the enrolment told about the centre
    centre_pending.json                                 another centre, until a person has compared its fingerprint
"""

import math
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from checkpoint.settings import EdgeSettings
from checkpoint.store.connection import DATABASE_NAME, DatabaseKeyError, require_private
from checkpoint.store.private_files import FolderFiles, PrivateFiles
from sync.agreement.vocabulary import ClockQuality
from sync.exchange.messages import IncarnationGrant
from sync.exchange.sealing import sealing_public_text
from sync.exchange.signatures import public_text

IDENTITY_FOLDER = "identity"
_KEY_BYTES = 32
_SIGNING_KEY = "edge_ed25519.key"
_SITE_KEY = "site_x25519.key"
_PERSON_KEY = "person_index.key"
_INCARNATION = "incarnation"
_GRANT = "grant.json"
_STARTS = "starts"
_CENTRE = "centre.json"
_PENDING_CENTRE = "centre_pending.json"
_HOME = "home"
_FIRST_INCARNATION = 1
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_LOOK_AT_TIME_SERVICE_S = 1.0


class PublicIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre needs to enrol this edge: public keys as 64 hex digits."""

    edge_id: str
    public_key: str
    site_sealing_key: str


class EdgeIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """The secrets of this edge. Never logged, never sent. ``incarnation`` is that of its start."""

    edge_id: str
    incarnation: int
    signing_key: Ed25519PrivateKey
    site_key: X25519PrivateKey
    person_index_key: bytes

    @property
    def public(self) -> PublicIdentity:
        """The half that may be told."""
        return PublicIdentity(
            edge_id=self.edge_id,
            public_key=public_text(self.signing_key),
            site_sealing_key=sealing_public_text(self.site_key),
        )


class CentreFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the enrolment told: where the centre is, and the keys (hex) by which it is known."""

    centre_url: str
    centre_public_key: str
    province_sealing_key: str
    point_of_entry_id: str = ""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One start of the program: how many there were of this identity, and 16 random bytes (hex) of its own.

    Two programs with one identity differ in one of the two, and the centre sees it at the first handshake.
    """

    number: int
    instance: str


def open_identity(data_path: Path, *, edge_id: str) -> EdgeIdentity:
    """Read the identity files; make those that are missing, unless there is a journal already."""
    folder = data_path / IDENTITY_FOLDER
    if folder.exists():
        require_private(folder)
    is_new = not (data_path / DATABASE_NAME).exists()
    return read_identity(FolderFiles(folder), edge_id=edge_id, is_new=is_new)


def site_key(data_path: Path) -> X25519PrivateKey:
    """Read the sealing key of the edge whose folder this is; raise ``DatabaseKeyError`` where it has none."""
    content = FolderFiles(data_path / IDENTITY_FOLDER).read(_SITE_KEY)
    if content is None or len(content) != _KEY_BYTES:
        msg = f"identity/{_SITE_KEY} is missing or damaged; restore it from its backup"
        raise DatabaseKeyError(msg)
    return X25519PrivateKey.from_private_bytes(content)


def read_identity(
    files: PrivateFiles,
    *,
    edge_id: str,
    is_new: bool,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> EdgeIdentity:
    """Read an identity from its files; make what is missing if ``is_new``: there is no journal yet."""

    def secret(name: str) -> bytes:
        content = files.read(name)
        if content is None:
            _refuse_if_known(name, is_new=is_new)
            content = random_bytes(_KEY_BYTES)
            files.write(name, content)
        if len(content) != _KEY_BYTES:
            msg = f"identity/{name} holds {len(content)} bytes instead of {_KEY_BYTES}; restore it from its backup"
            raise DatabaseKeyError(msg)
        return content

    incarnation = read_incarnation(files)
    if incarnation is None:
        _refuse_if_known(_INCARNATION, is_new=is_new)
        incarnation = _FIRST_INCARNATION
        write_incarnation(files, incarnation)
    return EdgeIdentity(
        edge_id=edge_id,
        incarnation=incarnation,
        signing_key=Ed25519PrivateKey.from_private_bytes(secret(_SIGNING_KEY)),
        site_key=X25519PrivateKey.from_private_bytes(secret(_SITE_KEY)),
        person_index_key=secret(_PERSON_KEY),
    )


def read_incarnation(files: PrivateFiles) -> int | None:
    """Return the number under which this identity writes; ``None`` before there is one."""
    content = files.read(_INCARNATION)
    if content is None:
        return None
    text = content.decode("ascii", errors="replace").strip()
    if not (text.isascii() and text.isdigit()) or int(text) < _FIRST_INCARNATION:
        msg = f"identity/{_INCARNATION} must hold a number from {_FIRST_INCARNATION} on; restore it from its backup"
        raise DatabaseKeyError(msg)
    return int(text)


def write_incarnation(files: PrivateFiles, incarnation: int) -> None:
    """Keep the number under which this identity writes from now on."""
    files.write(_INCARNATION, f"{incarnation}\n".encode())


def read_grant(files: PrivateFiles) -> IncarnationGrant | None:
    """Return the centre's newest grant, or ``None``; one that cannot be read is as good as none."""
    try:
        return msgspec.json.decode(files.read(_GRANT) or b"", type=IncarnationGrant)
    except msgspec.DecodeError:
        return None


def write_grant(files: PrivateFiles, grant: IncarnationGrant) -> None:
    """Keep the centre's word before anything is written under it."""
    files.write(_GRANT, msgspec.json.encode(grant) + b"\n")


def read_centre(files: PrivateFiles) -> CentreFile | None:
    """Return what the enrolment told, or ``None`` before there was one."""
    content = files.read(_CENTRE)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=CentreFile)
    except msgspec.DecodeError as error:
        msg = f"identity/{_CENTRE} cannot be read; enrol this edge again"
        raise DatabaseKeyError(msg) from error


def write_centre(files: PrivateFiles, centre: CentreFile) -> None:
    """Keep what the enrolment told; settings that name a centre come before it."""
    files.write(_CENTRE, msgspec.json.encode(centre) + b"\n")


def read_pending_centre(files: PrivateFiles) -> CentreFile | None:
    """Return the centre that answered an enrolment and waits for a person to compare its fingerprint."""
    content = files.read(_PENDING_CENTRE)
    return None if not content else msgspec.json.decode(content, type=CentreFile)


def write_pending_centre(files: PrivateFiles, centre: CentreFile | None) -> None:
    """Keep such a centre, or none any more."""
    files.write(_PENDING_CENTRE, b"" if centre is None else msgspec.json.encode(centre) + b"\n")


def known_centre(edge: EdgeSettings, *, files: PrivateFiles) -> CentreFile | None:
    """Say which centre this edge sends to: what the settings name comes first, then what the enrolment told."""
    told = read_centre(files)
    url = edge.centre_url or (told.centre_url if told else "")
    public_key = edge.centre_public_key or (told.centre_public_key if told else "")
    if not url or not public_key:
        return None
    return CentreFile(
        centre_url=url,
        centre_public_key=public_key,
        province_sealing_key=edge.province_sealing_key or (told.province_sealing_key if told else ""),
        point_of_entry_id=edge.point_of_entry_id,
    )


def count_start(files: PrivateFiles, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> Start:
    """Count this start durably, and draw what tells it apart from any other program with these files."""
    text = (files.read(_STARTS) or b"").decode("ascii", errors="replace").strip()
    number = (int(text) if text.isascii() and text.isdigit() else 0) + 1
    files.write(_STARTS, f"{number}\n".encode())
    return Start(number=number, instance=random_bytes(16).hex())


def is_at_home(files: PrivateFiles) -> bool:
    """Tell whether these files lie where they were used before; a copy on another machine does not.

    Machine and folder must both be others: a folder that moved is no copy.
    """
    noted = (files.read(_HOME) or b"").decode("utf-8", errors="replace").split()
    place = files.place().split()
    return len(noted) != len(place) or any(was == now for was, now in zip(noted, place, strict=True))


def move_home(files: PrivateFiles) -> None:
    """Note that this identity is at home where it is used now."""
    place = files.place().encode() + b"\n"
    if files.read(_HOME) != place:
        files.write(_HOME, place)


def boot_id() -> str:
    """Name this start of the machine, to which monotonic times belong."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"process-{os.getpid()}-{secrets.token_hex(8)}"


class _TimeService:
    """What the system's time service says of the clock; looked up once a second, for each record asks."""

    def __init__(self) -> None:
        self._looked_s = -math.inf
        self._quality = ClockQuality.UNKNOWN

    def quality(self) -> ClockQuality:
        now_s = time.monotonic()
        if now_s - self._looked_s > _LOOK_AT_TIME_SERVICE_S:
            self._quality = ClockQuality.SYNCHRONISED if _SYNCHRONISED.exists() else ClockQuality.UNKNOWN
            self._looked_s = now_s
        return self._quality


_time_service = _TimeService()


def clock_quality() -> ClockQuality:
    """Say how far the wall clock may be trusted: what the system's time service knew a second ago at most."""
    return _time_service.quality()


def _refuse_if_known(name: str, *, is_new: bool) -> None:
    if not is_new:
        msg = f"identity/{name} is missing although there is a journal; restore it from its backup"
        raise DatabaseKeyError(msg)
