"""From a stream of thermal pictures to exactly one reading for each person who stands there.

Each face is followed as a track of its own (``tracking``), and each track is one person's presence. Within it the
tracker waits until the person's last five pictures agree, gives the median of them once, and then stays silent until
the presence ends. It counts pictures and not seconds, so that it works at any rate. Whoever walks through without
standing still gets no reading, and so no passage; whoever cannot be measured gets, once for each reason, a reading
that may not be used and says why. No picture counts for two persons, and none twice.

A lane is for one person: while several faces are in view, who came first is told so, and nobody is measured. With
``faces_at_once`` "each" everybody in view is measured alone.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from devices.driver import Manifest
from devices.imaging.face_finder import FaceFinder
from devices.imaging.frames import surroundings_of
from devices.imaging.quality_gate import GateLimits, is_cut
from devices.measurement.correction import ReferenceSetting
from devices.measurement.scene import Scene, SceneFace, SceneKind, SceneReader, is_same_picture, warmth_of_place
from devices.measurement.sightings import ReadingMaker, Sighting, sighting_of
from devices.measurement.tracking import FaceSeen, FaceTracker, Track
from devices.reading import FaceBox, Reading, ThermalFrame, UnusableReason

FEWEST_FRAMES = 5
REASON_OF_SCENE = {
    SceneKind.SEVERAL_FACES: UnusableReason.SEVERAL_FACES,
    SceneKind.NO_REFERENCE: UnusableReason.REFERENCE_INVALID,
    SceneKind.TOO_FAR: UnusableReason.FACE_TOO_SMALL,
    SceneKind.POOR: UnusableReason.QUALITY_GATE,
}
FacesAtOnce = Literal["one", "each"]


class PresenceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one camera's pictures become readings. Counts are of pictures; temperatures in °C.

    ``gate`` None judges only what every array can tell: faces, size, steadiness and the reference body.
    ``bridged_s``: a face not found for so long, while its place stays warm, is still the same person's.
    ``field_of_view_deg`` is the lens's, from left to right: with it the gate judges how far away a face is.
    ``masks_reference``: what looks like a reference body is no face, even where no set temperature is known.
    """

    frames: int = FEWEST_FRAMES
    steady_within_c: float = 1.0
    give_up_after: int = 40
    bridged_s: float = 1.0
    frozen_after: int = 8
    pause_s: float = 2.0
    forget_after_s: float = 10.0
    reference: ReferenceSetting | None = None
    gate: GateLimits | None = None
    field_of_view_deg: float | None = None
    faces_at_once: FacesAtOnce = "one"
    masks_reference: bool = False

    def __post_init__(self) -> None:
        """Refuse to measure on fewer than five pictures."""
        if self.frames < FEWEST_FRAMES:
            msg = f"a reading needs at least {FEWEST_FRAMES} pictures"
            raise ValueError(msg)


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane's picture shows beside the pixels: a present estimate, never a reading."""

    observed_at: datetime
    face: FaceBox | None = None
    temperature_c: float | None = None
    raw_c: float | None = None
    reference: FaceBox | None = None
    face_count: int = 0
    frames_collected: int = 0
    is_measured: bool = False


class PersonSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One person's whole presence, told once it is over. ``reading`` is the best there was.

    ``frames`` counts the pictures in which the face was found, ``whole_frames`` those of them in which it was whole and
    near enough to be measured, ``reading.frame_count`` those that made the reading.
    Whoever walked through has a reading that may not be used (too few frames); None for who was never in front.
    """

    first_at: datetime
    last_at: datetime
    frames: int
    whole_frames: int
    reading: Reading | None


OnGone = Callable[[PersonSeen], None]


class _Presence:
    """One person before the camera: the pictures that count, what was told, and whether the reading was given."""

    def __init__(self, track: Track, *, keep: int) -> None:
        self.track = track
        self.sightings: deque[Sighting] = deque(maxlen=keep)
        self.told: set[UnusableReason] = set()
        self.is_measured = False
        self.last_reading: Reading | None = None
        self.last_frame: ThermalFrame | None = None
        self.whole_frames = 0

    def inherit(self, others: list["_Presence"]) -> None:
        """Begin where identities were lost: told already is what any was told, measured who in any case was."""
        self.told = set().union(*(other.told for other in others))
        self.is_measured = bool(others) and all(other.is_measured for other in others)


class PresenceTracker:
    """Turns the pictures of one camera, in their order, into one reading for each person.

    ``passed_unmeasured`` counts presences that ended without any reading: people who walked through. ``on_gone`` is
    told of each presence that ended.
    """

    def __init__(
        self,
        *,
        device_id: str,
        manifest: Manifest,
        settings: PresenceSettings | None = None,
        on_gone: OnGone | None = None,
        finder: FaceFinder | None = None,
    ) -> None:
        """``finder`` finds the faces of this camera; by default by segmentation alone."""
        self._settings = settings or PresenceSettings()
        self._is_for_one = self._settings.faces_at_once == "one"
        self._maker = ReadingMaker(device_id=device_id, manifest=manifest, reference=self._settings.reference)
        self._reader = SceneReader(
            reference=self._settings.reference,
            gate=self._settings.gate,
            field_of_view_deg=self._settings.field_of_view_deg,
            is_for_one=self._is_for_one,
            masks_reference=self._settings.masks_reference,
            finder=finder,
        )
        self._faces = FaceTracker(bridged_s=self._settings.bridged_s)
        self._on_gone = on_gone
        self.passed_unmeasured = 0
        self._presences: dict[int, _Presence] = {}
        self._foremost: _Presence | None = None
        self._frozen_run = 0
        self._last_picture: npt.NDArray[np.float32] | None = None
        self._last_at: datetime | None = None
        self._last_scene: tuple[ThermalFrame, Scene] | None = None

    def accept(self, frame: ThermalFrame) -> Reading | None:
        """Take the next picture of a lane for one; gives a reading when it completes one."""
        return next(iter(self.accept_each(frame)), None)

    def accept_each(self, frame: ThermalFrame) -> tuple[Reading, ...]:
        """Take the next picture; gives the readings that it completes, at most one unless each face is measured."""
        self._mind_the_gap(frame)
        scene = self._reader.read(frame)
        self._last_scene = (frame, scene)
        if scene.kind is SceneKind.BROKEN:
            return ()
        if is_same_picture(self._last_picture, frame.celsius):
            return _those(self._frozen(frame, scene))
        self._frozen_run = 0
        self._last_picture = frame.celsius.copy()
        return self._followed(frame, scene)

    def finish(self) -> None:
        """Say that the pictures ended: whoever is still there is told as gone."""
        self._end_all()

    def preview(self, frame: ThermalFrame) -> Preview:
        """Say what to draw over a picture; cheap for the picture that was just accepted."""
        is_known = self._last_scene is not None and self._last_scene[0] is frame
        scene = self._last_scene[1] if is_known and self._last_scene else SceneReader().read(frame)
        foremost = self._foremost
        face = _face_of(scene, foremost)
        return Preview(
            observed_at=frame.observed_at,
            face=face.box if face else None,
            temperature_c=face.value.corrected_c if face else None,
            raw_c=face.value.raw_c if face else None,
            reference=scene.reference_box,
            face_count=len(scene.faces),
            frames_collected=min(len(foremost.sightings), self._settings.frames) if foremost else 0,
            is_measured=foremost.is_measured if foremost else False,
        )

    def _mind_the_gap(self, frame: ThermalFrame) -> None:
        """Never measure across a pause in the pictures; after a long one nobody knows who stands there."""
        before, self._last_at = self._last_at, frame.observed_at
        if before is None:
            return
        pause_s = (frame.observed_at - before).total_seconds()
        if pause_s < 0 or pause_s > self._settings.forget_after_s:
            self._end_all()
        elif pause_s > self._settings.pause_s:
            for presence in self._presences.values():
                presence.sightings.clear()

    def _frozen(self, frame: ThermalFrame, scene: Scene) -> Reading | None:
        """A picture equal to the one before in every pixel is no new measurement."""
        self._frozen_run += 1
        foremost = self._foremost
        if foremost is None or foremost.is_measured or self._frozen_run < self._settings.frozen_after:
            return None
        face = _face_of(scene, foremost)
        if face is None:
            return None
        only = sighting_of(face, track=foremost.track.number, at=frame.observed_at, surroundings_c=scene.surroundings_c)
        return self._unusable(foremost, frame, [only], reason=UnusableReason.FROZEN)

    def _followed(self, frame: ThermalFrame, scene: Scene) -> tuple[Reading, ...]:
        surroundings_c = surroundings_of(frame.celsius) if scene.surroundings_c is None else scene.surroundings_c
        followed = self._faces.follow(
            [
                FaceSeen(box=face.box, warmth_c=face.warmth_c, is_cut=is_cut(face.box, columns=frame.celsius.shape[1]))
                for face in scene.faces
            ],
            at=frame.observed_at,
            warmth_at=lambda box: warmth_of_place(frame.celsius, box, surroundings_c=surroundings_c),
        )
        present = [self._present(track) for track in followed.tracks]
        for track in followed.ended:
            self._end(track)
        if present:
            self._foremost = min(present, key=lambda presence: presence.track.first_at.timestamp())
        readings = [
            self._seen(presence, face, frame=frame, surroundings_c=scene.surroundings_c)
            for presence, face in zip(present, scene.faces, strict=True)
            if presence is self._foremost or not self._is_for_one
        ]
        return tuple(reading for reading in readings if reading)

    def _present(self, track: Track) -> _Presence:
        presence = self._presences.get(track.number)
        if presence is None:
            presence = _Presence(track, keep=self._settings.give_up_after)
            presence.inherit([self._presences[number] for number in track.may_continue])
            self._presences[track.number] = presence
        presence.track = track
        return presence

    def _seen(
        self, presence: _Presence, face: SceneFace, *, frame: ThermalFrame, surroundings_c: float | None
    ) -> Reading | None:
        presence.last_frame = frame
        presence.whole_frames += face.is_whole
        if presence.is_measured:
            return None
        number, at = presence.track.number, frame.observed_at
        presence.sightings.append(sighting_of(face, track=number, at=at, surroundings_c=surroundings_c))
        return self._conclude(presence, frame)

    def _conclude(self, presence: _Presence, frame: ThermalFrame) -> Reading | None:
        """Give a reading once the last pictures agree; a reason once they agree that there can be none."""
        latest = list(presence.sightings)[-self._settings.frames :]
        if len(latest) < self._settings.frames:
            return None
        kinds = {sighting.kind for sighting in latest}
        if kinds == {SceneKind.ONE_FACE} and self._is_steady(latest):
            presence.is_measured = True
            presence.last_reading = self._maker.made(frame, latest)
            return presence.last_reading
        reason = REASON_OF_SCENE.get(latest[-1].kind) if len(kinds) == 1 else None
        if reason is None and len(presence.sightings) >= self._settings.give_up_after:
            reason = UnusableReason.TOO_FEW_FRAMES
        return self._unusable(presence, frame, latest, reason=reason) if reason else None

    def _is_steady(self, sightings: list[Sighting]) -> bool:
        values_c = [sighting.value.corrected_c for sighting in sightings]
        return max(values_c) - min(values_c) <= self._settings.steady_within_c

    def _unusable(
        self, presence: _Presence, frame: ThermalFrame, sightings: list[Sighting], *, reason: UnusableReason
    ) -> Reading | None:
        """Say once for each presence and reason why there is no measurement."""
        if reason in presence.told:
            return None
        presence.told.add(reason)
        presence.last_reading = self._maker.made(frame, sightings, reason=reason)
        return presence.last_reading

    def _end_all(self) -> None:
        """Nobody knows who stands there now; the next picture is a new one, whatever it shows."""
        for track in self._faces.end():
            self._end(track)
        self._last_picture = None

    def _end(self, track: Track) -> None:
        """The person is gone; the next face there is somebody else."""
        presence = self._presences.pop(track.number)
        if presence is self._foremost:
            self._foremost = None
        if presence.sightings and not presence.is_measured and not presence.told:
            self.passed_unmeasured += 1
        if self._on_gone is not None:
            self._on_gone(self._person(presence))

    def _person(self, presence: _Presence) -> PersonSeen:
        reading, latest = presence.last_reading, list(presence.sightings)[-self._settings.frames :]
        if reading is None and latest and presence.last_frame is not None:
            reason = REASON_OF_SCENE.get(latest[-1].kind, UnusableReason.TOO_FEW_FRAMES)
            reading = self._maker.made(presence.last_frame, latest, reason=reason)
        track = presence.track
        return PersonSeen(
            first_at=track.first_at,
            last_at=track.last_at,
            frames=track.frames,
            whole_frames=presence.whole_frames,
            reading=reading,
        )


def _face_of(scene: Scene, presence: _Presence | None) -> SceneFace | None:
    """The face of this person in the picture just followed; the hottest where nobody is followed."""
    if presence is not None:
        return next((face for face in scene.faces if face.box == presence.track.box), next(iter(scene.faces), None))
    return next(iter(scene.faces), None)


def _those(reading: Reading | None) -> tuple[Reading, ...]:
    return () if reading is None else (reading,)
