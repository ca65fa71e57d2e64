"""What a handheld needs of the policy in force to show a verdict by itself: thresholds and exceptions, as figures.

It is the edge that decides, when an act comes in. So what a device shows alone is never milder than the rules: where
several thresholds could hold, it has the strictest, and a site without one has the strictest of all.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from sync.agreement.decision_words import Exposure
from sync.agreement.facts import PolicyReference
from sync.agreement.policy import RulesInForce
from sync.agreement.policy.decision_rules import ExposurePlace, PlaceNames
from sync.agreement.policy.lane_rules import FeverThreshold, ScenarioDeclared, ScenarioProfile, Threshold
from sync.agreement.vocabulary import DeviceKind, ExceptionCode, MeasuringSite, ReadingKind, Symptom


class HandLimit(msgspec.Struct, frozen=True, kw_only=True):
    """From which reading of a hand thermometer on a handheld shows stop, in °C."""

    device_kind: DeviceKind
    site: MeasuringSite
    stop_at_or_above_c: float


class HandException(msgspec.Struct, frozen=True, kw_only=True):
    """What a coded exception leads to; with ``max_age_years`` only for whoever is known to be so young."""

    code: ExceptionCode
    consequence: str
    asks_fallback: bool = False
    max_age_years: int | None = None


class HandTriage(msgspec.Struct, frozen=True, kw_only=True):
    """What declared symptoms lead to; none named means any. A device takes any area that was named for one at risk."""

    consequence: str
    from_risk_area: bool
    any_symptom_of: tuple[Symptom, ...]


class HandContact(msgspec.Struct, frozen=True, kw_only=True):
    """What a declared contact leads to."""

    consequence: str
    exposures: tuple[Exposure, ...]


class HandPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place and a time to ask about, and what a yes leads to."""

    place: str
    names: PlaceNames
    was_from: datetime
    was_to: datetime
    consequence: str
    clause: str


class HandPractice(msgspec.Struct, frozen=True, kw_only=True):
    """What this gate wants of its devices: when they lock, and how long they keep what the edge has too.

    ``forget_refused_after_h``: so long after the edge took an act over to be mended, its person is erased here.
    """

    lock_after_min: int = 5
    forget_refused_after_h: int = 12
    receipts_kept: int = 50


class HandBundle(msgspec.Struct, frozen=True, kw_only=True):
    """The rules a handheld works by; ``stamp`` changes with any of them."""

    policies: tuple[PolicyReference, ...]
    limits: tuple[HandLimit, ...]
    exceptions: tuple[HandException, ...]
    triage: tuple[HandTriage, ...] = ()
    contacts: tuple[HandContact, ...] = ()
    places: tuple[HandPlace, ...] = ()
    practice: HandPractice = HandPractice()
    stamp: str = ""


def hand_bundle(
    rules: RulesInForce, *, policies: Iterable[PolicyReference], at: datetime, practice: HandPractice | None = None
) -> HandBundle:
    """Gather what is in force now."""
    bundle = HandBundle(
        policies=tuple(policies),
        limits=tuple(_limits(rules)),
        exceptions=tuple(
            HandException(
                code=code,
                consequence=rule.consequence.value,
                asks_fallback=bool(rule.fallbacks),
                max_age_years=rule.max_age_years,
            )
            for code in ExceptionCode
            if (rule := rules.exception_rule(code)) is not None
        ),
    )
    bundle = msgspec.structs.replace(
        bundle,
        triage=tuple(
            HandTriage(
                consequence=rule.consequence.value,
                from_risk_area=rule.from_risk_area,
                any_symptom_of=rule.any_symptom_of,
            )
            for rule in rules.triage
        ),
        contacts=tuple(
            HandContact(consequence=rule.consequence.value, exposures=rule.exposures) for rule in rules.contact_rules
        ),
        places=places_asked(rules, at=at),
        practice=practice or HandPractice(),
    )
    stamp = hashlib.sha256(msgspec.json.encode(bundle)).hexdigest()[:16]
    return msgspec.structs.replace(bundle, stamp=stamp)


def places_asked(rules: RulesInForce, *, at: datetime) -> tuple[HandPlace, ...]:
    """Return the places and times to ask about now, with their words."""
    return tuple(_place(rule) for rule in rules.exposure_places if rule.is_asked_at(at))


def _place(rule: ExposurePlace) -> HandPlace:
    return HandPlace(
        place=rule.place,
        names=rule.names,
        was_from=rule.was_from,
        was_to=rule.was_to,
        consequence=rule.consequence.value,
        clause=f"{rule.citation.document}, {rule.citation.clause}",
    )


def _limits(rules: RulesInForce) -> Iterable[HandLimit]:
    lowered_by_c = _lowered_by_c(rules)
    known: dict[tuple[DeviceKind, MeasuringSite], list[float]] = {}
    for rule in rules.of_type(Threshold):
        is_of_hand = rule.device_kind is DeviceKind.INFRARED_THERMOMETER
        if is_of_hand and rule.reading_kind is ReadingKind.DEVICE_COMPENSATED:
            limits = known.setdefault((rule.device_kind, rule.site), [])
            limits.append(round(rule.recheck_at_or_above_c - lowered_by_c, 2))
    for fever in rules.of_type(FeverThreshold):
        known.setdefault((DeviceKind.CLINICAL_THERMOMETER, fever.site), []).append(fever.fever_at_or_above_c)
    for (device_kind, site), limits_c in known.items():
        yield HandLimit(device_kind=device_kind, site=site, stop_at_or_above_c=min(limits_c))


def _lowered_by_c(rules: RulesInForce) -> float:
    """By how much a declared scenario lowers thresholds here; the most of those that might hold."""
    declared = {rule.scenario for rule in rules.of_type(ScenarioDeclared)}
    lowered = (rule.threshold_lowered_by_c for rule in rules.of_type(ScenarioProfile) if rule.scenario in declared)
    return max(lowered, default=0.0)
