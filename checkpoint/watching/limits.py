"""From the policy's rule to a method, from a reading to its limit, and from a change to its record."""

import msgspec

from devices.measurement.thresholds.limits import begin
from devices.measurement.thresholds.methods import AdaptiveMethod, Method, RollingMethod, adaptive_for
from devices.measurement.thresholds.state import Change, ThresholdKey, ThresholdState
from devices.reading import MeasuringSite as DeviceSite
from devices.reading import ReadingKind as DeviceReadingKind
from sync.agreement.facts import Measurement
from sync.agreement.gate_records.threshold import LimitOf, ThresholdChanged
from sync.agreement.policy.method_rules import ThresholdMethodRule
from sync.agreement.threshold_words import ThresholdMethod, ThresholdReason
from sync.agreement.vocabulary import MeasuringSite, ReadingKind


def method_of(rule: ThresholdMethodRule) -> Method | None:
    """Give the method that a rule orders, within its bounds; None where nothing is to be learnt."""
    if rule.method is ThresholdMethod.FIXED:
        return None
    if rule.method is ThresholdMethod.ROLLING:
        return RollingMethod(window=rule.window, delta_c=rule.delta_c)
    kind, site = DeviceReadingKind(rule.reading_kind.value), DeviceSite(rule.site.value)
    documented = adaptive_for(kind, (site,), target=rule.target)
    highest_c = min(rule.highest_c, documented.rails_c[1])
    rails_c = (rule.lowest_c, highest_c if highest_c > rule.lowest_c else rule.highest_c)
    return msgspec.structs.replace(documented, rails_c=rails_c)


def key_of(measurement: Measurement, *, lane_id: str, place_id: str) -> ThresholdKey:
    """Name the limit of the device, where it stands, for this kind of number and this site."""
    return ThresholdKey(
        device_id=measurement.device_id,
        lane_id=lane_id,
        place_id=place_id,
        kind=DeviceReadingKind(measurement.kind.value),
        sites=(DeviceSite(measurement.site.value),),
    )


def state_for(known: ThresholdState | None, *, key: ThresholdKey, method: Method) -> ThresholdState:
    """Go on from what was learnt; begin anew where there is nothing, at another gate, or by another method."""
    if known is not None and known.key == key and known.method == method:
        return known
    return begin(key, method=method)


def is_of_method(state: ThresholdState, *, rule: ThresholdMethodRule) -> bool:
    """Whether what was learnt is what the rule orders today."""
    return state.method == method_of(rule)


def as_limit_of(key: ThresholdKey) -> LimitOf:
    """Name a limit in the words of the records."""
    return LimitOf(
        device_id=key.device_id,
        lane_id=key.lane_id,
        kind=ReadingKind(key.kind.value),
        site=MeasuringSite(key.sites[0].value),
    )


def learnt_change(change: Change, *, rule: ThresholdMethodRule) -> ThresholdChanged:
    """Write a change down as a record."""
    is_adaptive = rule.method is ThresholdMethod.ADAPTIVE
    return ThresholdChanged(
        limit_of=as_limit_of(change.key),
        method=rule.method,
        rule_id=rule.rule_id,
        number=change.number,
        changed_at=change.at,
        reason=ThresholdReason(change.reason.value),
        before_c=change.before_c,
        after_c=change.after_c,
        wanted_c=change.wanted_c,
        level_before=change.level_before,
        level_after=change.level_after,
        window_count=change.window_count,
        settled=change.settled,
        false_alarm_share=change.false_alarm_share,
        target=rule.target if is_adaptive else None,
    )


def learns_from_room(method: Method) -> bool:
    """Whether the limit of this method follows the temperature of the room."""
    return isinstance(method, AdaptiveMethod)
