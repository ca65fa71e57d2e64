"""The one picture behind a raised reading: kept with its crossing, looked at with a reason, deleted in time.

The crop of a normal reading never leaves memory. That of a raised one is sealed under the key of its crossing in
the very commit that writes the crossing, is in no record and so never leaves the edge, and is deleted when
``images.kept_h`` of the settings is over.

A raised reading whose crossing is not written yet keeps its crop sealed under the reading's number, for as long
as memory would hold it: a restart between reading and verdict loses none. With the verdict it becomes the
crossing's, or goes.
"""

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.images import FaceCrop, open_crop, seal_crop, waiting_key
from checkpoint.images.glimpses import HELD_FOR
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.crops import drop_past_crops, find_crop, keep_crop, purge_crop
from checkpoint.store.journal import SealedFor
from checkpoint.store.lanes import find_episode_key, log_access
from sync.agreement.assessment import is_raised
from sync.agreement.facts import Assessment, Measurement
from sync.agreement.vocabulary import LookReason, ReasonCode
from sync.exchange.sealing import SealingError, unwrap_episode_key

FLAGS = frozenset({ReasonCode.RAISED_READING, ReasonCode.FEVER_CONFIRMED})
"""Only these keep a picture: somebody sent to a second check for another reason keeps none."""
_WAITING = "reading-"
SEEN_ACTION = "picture_seen"


class LookCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody wants to see the picture."""

    reason: LookReason


class PictureView(msgspec.Struct, frozen=True, kw_only=True):
    """A picture for a reviewer's screen: ``centikelvin`` is uint16, little-endian, in base64."""

    device_id: str
    observed_at: datetime
    width_px: int
    height_px: int
    centikelvin: bytes
    expires_at: datetime


def hold_glimpse(turn: Turn, lane_id: str, reading_id: str, *, crop: FaceCrop | None) -> None:
    """Hold in memory what a camera saw with a reading, until the reading is somebody's."""
    turn.gate.glimpses.let_go_of_old(at=turn.at)
    if crop is not None and turn.gate.settings.images.kept_h > 0:
        turn.gate.glimpses.hold(lane_id, reading_id, crop=crop)


def hold_raised(turn: Turn, lane_id: str, measurement: Measurement, *, assessment: Assessment | None = None) -> None:
    """Seal the picture of a raised reading that no crossing holds yet, in the commit that keeps the reading."""
    gate, reading_id = turn.gate, measurement.reading_id
    is_flagged = assessment is not None and any(reason.code in FLAGS for reason in assessment.reasons)
    crop = gate.glimpses.find(lane_id, [reading_id])
    if crop is None or not (is_flagged or is_raised(measurement, gate.policy.rules_at(turn.at))):
        return
    sealed = seal_crop(
        crop,
        episode_key=waiting_key(gate.identity.site_key),
        crossing_id=reading_id,
        edge_id=gate.identity.edge_id,
        random_bytes=gate.random_bytes,
    )
    keep_crop(turn.transaction, _WAITING + reading_id, sealed=sealed, expires_at=turn.at + HELD_FOR)


def _taken_up(turn: Turn, lane_id: str, reading_ids: list[str]) -> FaceCrop | None:
    """Return the crop of these readings from memory, or as it was sealed; what was sealed for them goes."""
    gate = turn.gate
    crop = gate.glimpses.find(lane_id, reading_ids)
    for reading_id in reading_ids:
        kept = find_crop(turn.transaction, _WAITING + reading_id)
        if kept is None:
            continue
        purge_crop(turn.transaction, _WAITING + reading_id)
        if crop is None and turn.at < kept[1]:
            key = waiting_key(gate.identity.site_key)
            with contextlib.suppress(SealingError):  # sealed by a site of before: unreadable, as erased
                crop = open_crop(kept[0], episode_key=key, crossing_id=reading_id, edge_id=gate.identity.edge_id)
    return crop


def keep_picture(
    turn: Turn,
    lane_id: str,
    *,
    assessment: Assessment,
    measurements: Iterable[Measurement],
    sealed_for: SealedFor | None,
) -> None:
    """Seal the picture of a raised reading with its crossing; let go of every other one of this lane."""
    gate = turn.gate
    turn.transaction.after_commit(lambda: gate.glimpses.let_go(lane_id))
    crop = _taken_up(turn, lane_id, [one.reading_id for one in measurements])
    if crop is None or sealed_for is None or not any(reason.code in FLAGS for reason in assessment.reasons):
        return
    sealed = seal_crop(
        crop,
        episode_key=sealed_for.episode_key,
        crossing_id=sealed_for.episode_id,
        edge_id=gate.identity.edge_id,
        random_bytes=gate.random_bytes,
    )
    expires_at = turn.at + timedelta(hours=gate.settings.images.kept_h)
    keep_crop(turn.transaction, sealed_for.episode_id, sealed=sealed, expires_at=expires_at)


def view_picture(turn: Turn, crossing_id: str, command: LookCommand) -> PictureView:
    """Open the picture of a crossing; who looked, and why, is noted in the same commit."""
    kept = find_crop(turn.transaction, crossing_id)
    key = find_episode_key(turn.transaction, crossing_id)
    if kept is None or key is None or kept[1] <= turn.at:
        code = "no_such_picture"
        raise ActionRefusedError(code, http_code=404)
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action=SEEN_ACTION,
        subject=crossing_id,
        reason=command.reason.value,
    )
    sealed, expires_at = kept
    identity = turn.gate.identity
    episode_key = unwrap_episode_key(key, recipient="site", private_key=identity.site_key)
    crop = open_crop(sealed, episode_key=episode_key, crossing_id=crossing_id, edge_id=identity.edge_id)
    return PictureView(**msgspec.structs.asdict(crop), expires_at=expires_at)


def forget_past_pictures(gate: Gate) -> int:
    """Delete the pictures whose time is over, and what memory held too long; return how many were deleted.

    Deleted rows are overwritten in the file; the write-ahead log, which may hold older copies of their pages,
    is folded in and emptied behind them.
    """

    def forget(turn: Turn) -> int:
        gate.glimpses.let_go_of_old(at=turn.at)
        return drop_past_crops(turn.transaction, now=turn.at)

    dropped = gate.perform(forget).result(COMMIT_TIMEOUT_S)
    if dropped:
        gate.store.writer.scrub(largest_rebuild_bytes=0).result(COMMIT_TIMEOUT_S)
    return dropped
