"""``python -m devices screen``: each person in a recording, measured as a lane would, one JSON line a person."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import numpy.typing as npt
import typer

from devices.capture_file import is_capture, read_capture
from devices.commands_capture import bytes_of, read_option
from devices.driver import DriverOptions, Manifest
from devices.errors import DeviceError
from devices.imaging.face_finder import FaceFinder, load_face_finder
from devices.imaging.face_models import load_face_models
from devices.measurement.measuring_options import FACES_AT_ONCE, for_driver, settings_from
from devices.measurement.presence import FEWEST_FRAMES, PersonSeen, PresenceTracker
from devices.measurement.scene import SceneKind, SceneReader
from devices.reading import (
    FaceBox,
    Fault,
    MeasuringSite,
    QualityReason,
    Reading,
    ReadingKind,
    ThermalFrame,
    UncertaintyTerm,
    UnusableReason,
)
from devices.recording import recorded_events
from devices.registry import load_driver

_JPEG: Final = b"\xff\xd8"
_CPTV: Final = (b"\x1f\x8b", b"CPTV")
_TURNS_DEG: Final = (0, 90, 180, 270)
_USUAL_TURNS_DEG: Final = (0, 90, 270)
"""Cameras stand or lie on their side; nobody mounts one upside down without knowing it."""
_LOOKED_AT: Final = 24
"""Pictures of a clip by which is told which way it stands upright."""
_USUAL_RATE_HZ: Final = 9.0
_BY_ITSELF: Final = "auto"


class ScreenedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One line. ``temperature_c`` is corrected by the reference body if its set temperature was given.

    ``turned_deg`` is how far the pictures were turned clockwise, ``frames`` are those in which the face was found,
    ``frame_count`` those behind the number.
    """

    file: str
    person: int
    device_model: str
    driver: str
    first_at: datetime
    last_at: datetime
    turned_deg: int
    frames: int
    frame_count: int
    temperature_c: float
    raw_c: float | None
    uncertainty_c: float | None
    kind: ReadingKind
    site: MeasuringSite
    second_site: MeasuringSite | None
    second_site_c: float | None
    is_usable: bool
    unusable_because: tuple[UnusableReason, ...]
    quality: tuple[QualityReason, ...]
    is_corrected: bool
    face: FaceBox | None
    uncertainty_terms: tuple[UncertaintyTerm, ...]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(screen)


def screen(
    clip: Annotated[Path, typer.Argument(help="a recording: capture, CPTV, radiometric JPEG; or a folder of them")],
    *,
    driver: Annotated[str, typer.Option(help="name of a driver, for bytes that do not say whose they are")] = "",
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as in the settings; may be repeated")] = None,
    turn: Annotated[
        str, typer.Option(help="degrees clockwise until upright: 0, 90, 180, 270; auto guesses")
    ] = _BY_ITSELF,
) -> None:
    """Print one JSON line for each person seen: corrected temperature, uncertainty, site, quality reasons, times.

    With --option reference_c=37 the reference body in view, set to so many degrees, corrects the picture; without it
    the temperature is the sensor's own, and its uncertainty says so. What cannot be read is told on standard error,
    one line a file; the exit code is then 2, and the other files of a folder are screened all the same.
    """
    options = dict(map(read_option, option or []))
    files = _recordings_in(clip, driver=driver) if clip.is_dir() else [clip]
    refused = [file for file in files if not _screened(file, driver=driver, options=options, turn=_turn_of(turn))]
    if refused:
        raise typer.Exit(2)


def _recordings_in(folder: Path, *, driver: str) -> list[Path]:
    """Name the files of a folder that say whose they are, all of them where a driver is named."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and (driver or _recognised(_first_of(path))))
    if not found:
        msg = f"there is no recording in {folder}"
        raise DeviceError(msg)
    return found


def _first_of(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(64)
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise DeviceError(msg) from error


def _turn_of(text: str) -> int | None:
    if text == _BY_ITSELF:
        return None
    if text not in map(str, _TURNS_DEG):
        msg = f"--turn is 0, 90, 180, 270 or auto; {text!r} is not"
        raise DeviceError(msg)
    return int(text)


def _screened(file: Path, *, driver: str, options: DriverOptions, turn: int | None) -> bool:
    """Screen one file and print its people; False, and why on standard error, for one that cannot be read."""
    try:
        lines = list(people_in(file, driver=driver, options=options, turn=turn))
    except DeviceError as error:
        sys.stderr.write(f"{file}: {error}\n")
        return False
    for line in lines:
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    return True


def people_in(
    file: Path, *, driver: str = "", options: DriverOptions | None = None, turn: int | None = None
) -> Iterator[ScreenedPerson]:
    """Measure everybody in a recording, as a lane for one would; of a few single pictures each face.

    ``turn``: degrees clockwise until heads are up; None finds out by itself.
    """
    given = dict(options or {})
    recorded = bytes_of(str(file))
    manifest = load_driver(driver or _driver_of(recorded)).manifest
    settings = settings_from(given, manifest=manifest)
    if settings is None:
        msg = f"{manifest.driver} gives no pictures: there is nothing to screen"
        raise DeviceError(msg)
    frames = _frames_of(recorded, manifest=manifest, options=given)
    is_of_each = FACES_AT_ONCE not in given and len(frames) < FEWEST_FRAMES
    settings = msgspec.structs.replace(
        settings, masks_reference=True, faces_at_once="each" if is_of_each else settings.faces_at_once
    )
    turned_deg = _upright_deg(frames) if turn is None else turn
    seen: list[PersonSeen] = []
    tracker = PresenceTracker(
        device_id=manifest.driver,
        manifest=manifest,
        settings=settings,
        on_gone=seen.append,
        finder=_finder(max(frames[0].celsius.shape)),
    )
    for frame in _turned(frames, turn=turned_deg):
        tracker.accept_each(frame)
    tracker.finish()
    fewest = FEWEST_FRAMES if len(frames) >= FEWEST_FRAMES else 0
    people = sorted((person for person in seen if person.whole_frames >= fewest), key=lambda person: person.first_at)
    measured = [(person, reading) for person in people if (reading := person.reading) is not None]
    for number, (person, reading) in enumerate(measured, start=1):
        yield _line(person, reading, number=number, file=file, manifest=manifest, turned_deg=turned_deg)


def _driver_of(recorded: bytes) -> str:
    if is_capture(recorded):
        return read_capture(recorded)[0].driver
    found = _recognised(recorded)
    if found is None:
        msg = "these bytes do not say which device they are of: name its driver with --driver (see 'list')"
        raise DeviceError(msg)
    return found


def _recognised(first: bytes) -> str | None:
    """Tell by its first bytes what a file is: a name of a driver, "capture" for a capture, None if none."""
    if is_capture(first):
        return "capture"
    if first.startswith(_JPEG):
        return "flir_jpeg"
    return "cptv" if first.startswith(_CPTV) else None


def _frames_of(recorded: bytes, *, manifest: Manifest, options: DriverOptions) -> list[ThermalFrame]:
    """Decode all pictures; ``DeviceError`` with the first reason if there is none."""
    decoder = load_driver(manifest.driver)(
        device_id=manifest.driver, options=manifest.options_for_recordings | dict(for_driver(options))
    )
    began_at = datetime.now(UTC)
    events = list(recorded_events(decoder, recorded, at=began_at, manifest=manifest))
    frames = [event for event in events if isinstance(event, ThermalFrame)]
    faults = [event for event in events if isinstance(event, Fault)]
    if not frames:
        msg = f"no picture of temperatures in it: {faults[0].detail}" if faults else "no picture in it"
        raise DeviceError(msg)
    if manifest.has_clock or is_capture(recorded):
        return frames
    every_s = 1 / max(manifest.frame_rate_hz, default=_USUAL_RATE_HZ)
    return [
        msgspec.structs.replace(frame, observed_at=began_at + timedelta(seconds=number * every_s))
        for number, frame in enumerate(frames)
    ]


def _turned(frames: list[ThermalFrame], *, turn: int) -> list[ThermalFrame]:
    if turn == 0:
        return frames
    return [
        msgspec.structs.replace(frame, celsius=np.ascontiguousarray(np.rot90(frame.celsius, k=-(turn // 90))))
        for frame in frames
    ]


def _upright_deg(frames: list[ThermalFrame]) -> int:
    """Find the turn, in degrees clockwise, in which most faces stand above a body; a single picture stays as it is."""
    if len(frames) < FEWEST_FRAMES:
        return 0
    looked_at = frames[:: max(1, len(frames) // _LOOKED_AT)]
    found = {turn: _faces_above_bodies(_turned(looked_at, turn=turn)) for turn in _USUAL_TURNS_DEG}
    return max(_USUAL_TURNS_DEG, key=lambda turn: found[turn])


def _finder(longer_side_px: int) -> FaceFinder:
    """Give the finder of faces; what it lacks is told on standard error, for the lines are fewer and worse then."""
    finder, limit = load_face_finder(longer_side_px=longer_side_px)
    if limit:
        sys.stderr.write(f"{limit}\n")
    return finder


def _faces_above_bodies(frames: list[ThermalFrame]) -> int:
    """Count the heads above a body, and twice each that a detector recognises: it knows upright faces only."""
    reader = SceneReader(masks_reference=True, finder=FaceFinder(load_face_models()[0]))
    found = 0
    for frame in frames:
        near = [face for face in reader.read(frame).faces if face.kind is not SceneKind.TOO_FAR]
        found += bool(near) and _stands_on_body(frame.celsius, near[0].box)
        found += 2 * any(face.is_recognised is True for face in near)
    return found


def _stands_on_body(celsius: npt.NDArray[np.float32], box: FaceBox) -> bool:
    """Whether what lies below a face is warmer than what lies above it and beside it: a body, and not the room."""
    left, top, width, height = box.left_px, box.top_px, box.width_px, box.height_px
    below, *others = (
        _mean_c(celsius, left=left + across * width, top=top + down * height, size=(width, height))
        for across, down in ((0, 1), (0, -1), (-1, 0), (1, 0))
    )
    return below is not None and all(other is None or below > other for other in others)


def _mean_c(celsius: npt.NDArray[np.float32], *, left: int, top: int, size: tuple[int, int]) -> float | None:
    """Mean temperature of a place, in °C; None if most of it is outside the picture."""
    width, height = size
    place = celsius[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    return float(place.mean()) if place.size >= width * height // 4 else None


def _line(
    person: PersonSeen, reading: Reading, *, number: int, file: Path, manifest: Manifest, turned_deg: int
) -> ScreenedPerson:
    return ScreenedPerson(
        file=file.name,
        person=number,
        device_model=manifest.model,
        driver=manifest.driver,
        first_at=person.first_at,
        last_at=person.last_at,
        turned_deg=turned_deg,
        frames=person.frames,
        frame_count=reading.frame_count,
        temperature_c=reading.temperature_c,
        raw_c=reading.raw_c,
        uncertainty_c=reading.uncertainty_c,
        kind=reading.kind,
        site=reading.site,
        second_site=reading.second_site,
        second_site_c=reading.second_site_c,
        is_usable=reading.is_usable,
        unusable_because=reading.unusable_because,
        quality=reading.quality,
        is_corrected=reading.reference_residual_c is not None,
        face=reading.face,
        uncertainty_terms=reading.uncertainty_terms,
    )
