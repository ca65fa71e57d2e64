"""The rule about limits that follow their device: fixed, rolling mean plus delta, or adaptive, within which bounds.

Such a rule has no category and no purpose, like the thresholds that it stands beside (R011). It chooses how the
limit of one device is found; from the threshold in force it takes the clause, and whatever a device learns is held
between ``lowest_c`` and ``highest_c`` at the very decision, so that no device can learn to let fever pass. Where
no rule speaks of a reading its limit is the threshold's own number, as in documents of before this rule.
"""

from typing import Final

from sync.agreement.policy.lane_rules import require_basis, require_body_temperature
from sync.agreement.policy.rule import Rule
from sync.agreement.threshold_words import ThresholdMethod
from sync.agreement.vocabulary import DeviceKind, MeasuringSite, ReadingKind

ADAPTIVE_SITES: Final = frozenset({MeasuringSite.INNER_CANTHUS, MeasuringSite.FACE_MAXIMUM, MeasuringSite.FOREHEAD})
"""Where it is documented what healthy people show, so that a device can begin before it has seen any."""
LARGEST_TARGET: Final = 0.25


class ThresholdMethodRule(Rule, frozen=True, kw_only=True, tag="threshold_method"):
    """How the limit for one device kind, site and reading kind is found, for each device by itself.

    ``target`` is the share of false alarms among healthy people that the adaptive method keeps; ``window`` and
    ``delta_c`` are the rolling method's.
    """

    device_kind: DeviceKind
    site: MeasuringSite
    reading_kind: ReadingKind
    method: ThresholdMethod
    lowest_c: float
    highest_c: float
    target: float = 0.05
    window: int = 10
    delta_c: float = 0.5

    def __post_init__(self) -> None:
        """Refuse bounds of no body, a promise of nothing, and an adaptive limit that would begin from nothing."""
        super().__post_init__()
        require_body_temperature(self.lowest_c, "lowest_c")
        require_body_temperature(self.highest_c, "highest_c")
        require_basis(self.basis)
        if self.lowest_c >= self.highest_c:
            msg = "lowest_c must be below highest_c"
            raise ValueError(msg)
        if not (0.0 < self.target <= LARGEST_TARGET and 3 <= self.window <= 1000 and 0.0 < self.delta_c <= 2.0):
            msg = f"target lies in 0-{LARGEST_TARGET}, window in 3-1000, delta_c above 0 and at most 2 K"
            raise ValueError(msg)
        if self.method is ThresholdMethod.ADAPTIVE and (
            self.reading_kind is not ReadingKind.RAW_SKIN or self.site not in ADAPTIVE_SITES
        ):
            msg = f"adaptive is for raw_skin at {', '.join(sorted(ADAPTIVE_SITES))}"
            raise ValueError(msg)

    def bounded_c(self, limit_c: float) -> float:
        """Return a learnt limit between the floor and the ceiling."""
        return min(max(limit_c, self.lowest_c), self.highest_c)
