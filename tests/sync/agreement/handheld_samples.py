"""One of each record of a handheld, with as much in it as it can hold."""

import msgspec

from sync.agreement.gate_records import handheld
from sync.agreement.handheld_words import HandheldClock, HandheldRevocation
from sync.agreement.vocabulary import Outcome
from tests.sync.exchange.journals import identifier


def handheld_samples(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    handheld_id = str(identifier("handheld"))
    return (
        handheld.HandheldEnrolled(handheld_id=handheld_id, key_fingerprint="6668-7aad-f862-bd77"),
        handheld.HandheldRevoked(handheld_id=handheld_id, reason=HandheldRevocation.LOST),
        handheld.HandheldActTaken(
            handheld_id=handheld_id,
            act_id=crossing_id,
            kept_crossing_id=crossing_id,
            clock=HandheldClock.SHIFTED,
            clock_offset_s=-3.5,
            provisional_outcome=Outcome.CLEARED,
            outcome=Outcome.RECHECK,
            is_different=True,
        ),
    )
