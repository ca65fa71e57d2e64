"""One of each record of a drill."""

import msgspec

from sync.agreement.gate_records import exercise


def exercise_samples() -> tuple[msgspec.Struct, ...]:
    return (
        exercise.ExerciseOpened(scenario_id="two-fevers-full-room", stands_for="mong-cai-1", speed=10.0),
        exercise.ExerciseInjectPlayed(inject_id="first-fever"),
        exercise.ExerciseClosed(is_whole=True),
    )
