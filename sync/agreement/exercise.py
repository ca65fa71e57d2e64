"""The mark of an exercise: it is part of the name of the edge, so that every record of a drill carries it.

The name stands in the open part of each envelope, inside what is hashed and signed: it cannot be taken off
a record, and no record can be written without it. An edge that is so named belongs to a drill for ever; the
centre enrols none and takes no record of one.
"""

EXERCISE_PREFIX = "exercise-"
"""How the name of every edge, device and simulated scanner of a drill begins, and of nothing else."""


def is_exercise_name(name: str) -> bool:
    """Tell whether an edge or a device belongs to a drill.

    >>> is_exercise_name("exercise-mong-cai-1"), is_exercise_name("mong-cai-1")
    (True, False)
    """
    return name.startswith(EXERCISE_PREFIX)


def exercise_name(name: str) -> str:
    """Return the name that stands for ``name`` in a drill.

    >>> exercise_name("mong-cai-1"), exercise_name("exercise-mong-cai-1")
    ('exercise-mong-cai-1', 'exercise-mong-cai-1')
    """
    return name if is_exercise_name(name) else f"{EXERCISE_PREFIX}{name}"
