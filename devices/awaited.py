"""What a device sends as long as it is well, and after how long without it is stale."""

from typing import Final

import msgspec

from devices.driver import Manifest

STALE_AFTER_S: Final = 3.0
"""Whatever streams without end is missed after so long."""


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures, measurements or a beat that must come again within ``longest_s``."""

    what: str
    longest_s: float
    is_picture: bool = False

    @property
    def missing(self) -> str:
        """What the lane says of a stale device."""
        return f"no {self.what} for {self.longest_s:.0f} seconds"


def awaited_of(manifest: Manifest, *, told_s: float | None = None) -> Awaited | None:
    """Say what a model sends without end; None for one that speaks only when there is something to say.

    ``told_s`` is what the installation says instead of the manifest of the longest silence.
    """
    if manifest.columns is not None:
        return Awaited(what="picture", longest_s=STALE_AFTER_S, is_picture=True)
    longest_s = told_s or manifest.longest_silence_s
    if manifest.frame_rate_hz:
        return Awaited(what="bytes", longest_s=longest_s or STALE_AFTER_S)
    return Awaited(what="sign of life", longest_s=longest_s) if longest_s else None
