"""The records of a drill about itself: when it began, what was played when, and when it was over.

They stand in the drill's own journal among the records that its officers made, so that the timeline is drawn
from one chain. None of them is about a crossing, and none ever comes to a centre.
"""

from typing import Annotated, ClassVar

import msgspec

Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(?:[.-][a-z0-9]+)*\Z", max_length=64)]
Speed = Annotated[float, msgspec.Meta(ge=0.1, le=100)]


class ExerciseOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A drill began. ``stands_for`` is the edge whose stations it is played on; ``speed`` quickens its script."""

    type_name: ClassVar[str] = "exercise_opened"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    scenario_id: Slug
    stands_for: Slug
    speed: Speed = 1.0


class ExerciseInjectPlayed(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the script happened at the moment of ``observed_at``: somebody came, a cable was pulled.

    The envelope's ``lane_id`` says where; it is ``None`` for what is of no lane.
    """

    type_name: ClassVar[str] = "exercise_inject_played"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    inject_id: Slug


class ExerciseClosed(msgspec.Struct, frozen=True, kw_only=True):
    """The drill is over: whole, or broken off before everything was played."""

    type_name: ClassVar[str] = "exercise_closed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    is_whole: bool


ExerciseRecord = ExerciseOpened | ExerciseInjectPlayed | ExerciseClosed
