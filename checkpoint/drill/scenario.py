"""A script of a drill: what happens when, and what is expected of the officers within what time, by which clause.

One TOML file a scenario, beside this module or anywhere else. Every person in one is invented.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from checkpoint.drill.acts import ACTS
from sync.agreement.policy import PolicyError, parse_policy_text
from sync.agreement.vocabulary import Sex, Symptom

SCENARIOS: Final = Path(__file__).parent / "scenarios"

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z", max_length=48)]
Words = Annotated[str, msgspec.Meta(min_length=2, max_length=600)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=14_400)]
Limit = Annotated[float, msgspec.Meta(gt=0, le=14_400)]
Points = Annotated[int, msgspec.Meta(ge=1, le=20)]
Celsius = Annotated[float, msgspec.Meta(ge=25, le=45)]
Latin = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+(?: [A-Z]+)*\Z", max_length=39)]


class ScenarioError(ValueError):
    """A script cannot be played as it stands; the message names file and place. Its author must mend it."""


class Telling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sentence in the three languages."""

    vi: Words
    en: Words
    zh: Words

    def in_language(self, language: str) -> str:
        """Return the sentence of one language."""
        words: str = getattr(self, language)
        return words


class Actor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invented traveller: the passport that is laid on the reader, and what thermometers find.

    ``shows`` is what stands before the lane's scanner: somebody of usual or of raised heat, or nobody.
    ``by_hand_c`` is what the infrared thermometer and ``clinical_c`` what the clinical one would read: the
    trainer tells them to the officers, and ``--autoplay`` types them.
    """

    surname: Latin
    given_names: Latin
    nationality: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
    number: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{6,8}\Z")]
    born_on: date
    sex: Sex = Sex.UNSPECIFIED
    category: str = "tourist"
    purpose: str = "tourism"
    symptoms: tuple[Symptom, ...] = ()
    shows: Literal["usual", "raised", "nobody"] = "usual"
    by_hand_c: Celsius | None = None
    clinical_c: Celsius | None = None
    refuses_isolation: bool = False


class Cable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cable is pulled for some seconds: of the scanner or the document reader of the inject's lane."""

    device: Literal["scanner", "reader"]
    duration_s: Limit


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act that the officers must do, or (``must_not``) must not do, within a time after the inject."""

    act: str
    within_s: Limit
    clause: Words
    points: Points = 2
    must_not: bool = False


class Inject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happens ``at_s`` seconds after the beginning; ``lane`` counts from 1.

    It is one thing: a traveller, a cable, an order of the (played) centre, the link to it, or the list of a group
    (CSV), which is laid into the drill's folder. One with none of these is a message that the trainer gives by mouth.
    """

    id: Name
    at_s: Seconds
    title: Telling
    lane: Annotated[int, msgspec.Meta(ge=1, le=16)] | None = None
    traveller: Actor | None = None
    cable: Cable | None = None
    order: str | None = None
    link: Literal["cut", "restored"] | None = None
    manifest: Annotated[str, msgspec.Meta(min_length=2, max_length=20_000)] | None = None
    expect: tuple[Expected, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What this inject is; one word, or none for a message."""
        return tuple(
            name for name in ("traveller", "cable", "order", "link", "manifest") if getattr(self, name) is not None
        )


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole script. ``places`` are those of the isolation room while it is played."""

    id: Name
    title: Telling
    story: Telling
    places: tuple[str, ...] = ("C1", "C2")
    inject: Annotated[tuple[Inject, ...], msgspec.Meta(min_length=1, max_length=200)]

    @property
    def injects(self) -> dict[str, Inject]:
        """The injects by their names."""
        return {one.id: one for one in self.inject}

    @property
    def lane_count(self) -> int:
        """How many lanes it needs."""
        return max((one.lane or 1) for one in self.inject)

    @property
    def duration_s(self) -> float:
        """When its last limit is over, in seconds after the beginning."""
        return max(one.at_s + max((act.within_s for act in one.expect), default=0.0) for one in self.inject)


def scenario_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the program, in their order."""
    return tuple(sorted(path.stem for path in SCENARIOS.glob("*.toml")))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Read a scenario by its name or from a file of one's own.

    Raises ``ScenarioError`` naming file, place and remedy.
    """
    path = Path(name_or_path)
    if str(name_or_path) in scenario_names():
        path = SCENARIOS / f"{name_or_path}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(scenario_names())
        msg = f"{name_or_path}: no scenario of that name and no such file; there are: {known}"
        raise ScenarioError(msg) from error
    return parse_scenario(text, name=path.name)


def parse_scenario(text: str, *, name: str) -> Scenario:
    """Read a scenario from its text and hold it together; ``name`` stands in the messages."""
    try:
        scenario = msgspec.convert(tomllib.loads(text), type=Scenario)
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: cannot be read as TOML ({error}); correct that line"
        raise ScenarioError(msg) from error
    except msgspec.ValidationError as error:
        msg = f"{name}: {error}"
        raise ScenarioError(msg) from error
    for fault in _faults(scenario):
        msg = f"{name}: {fault}"
        raise ScenarioError(msg)
    return scenario


def _faults(scenario: Scenario) -> list[str]:
    """Say everything that does not hold together, in the order of the script."""
    found: list[str] = []
    ids = [one.id for one in scenario.inject]
    found += [
        f"inject {twice!r} stands twice; names must differ" for twice in sorted({i for i in ids if ids.count(i) > 1})
    ]
    times = [one.at_s for one in scenario.inject]
    if times != sorted(times):
        found.append("the injects must stand in the order of at_s")
    for one in scenario.inject:
        found += [f"inject {one.id!r}: {fault}" for fault in _faults_of(one)]
    return found


def _faults_of(inject: Inject) -> list[str]:
    kinds, found = inject.kinds, list[str]()
    if len(kinds) > 1:
        found.append(f"it is {' and '.join(kinds)} at once; make an inject of each")
    if inject.lane is None and kinds in {("traveller",), ("cable",), ("manifest",)}:
        found.append("say at which lane it happens; write lane = 1")
    found += [
        f"nobody knows the act {one.act!r}; there are: {', '.join(ACTS)}"
        for one in inject.expect
        if one.act not in ACTS
    ]
    if inject.order is not None:
        try:
            parse_policy_text(inject.order, name=inject.id)
        except PolicyError as error:
            found.append(f"its order cannot be read: {error}")
    return found
