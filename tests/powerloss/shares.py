"""One worker's share of the command's work: functions that a process of its own can be told by name."""

from tests.powerloss.bit_rot import run_flips
from tests.powerloss.campaign import Figures, run
from tests.powerloss.faults import run_faults


def cut_share(words: dict) -> Figures:
    """Cut the power: the words of ``run``."""
    return run(**words)


def fault_share(words: dict) -> Figures:
    """Fail each call of every ``stride``-th of so many shifts."""
    first = words["first_seed"]
    return run_faults(seeds=range(first, first + words["shifts"], words["stride"]))


def flip_share(words: dict) -> Figures:
    """Damage files: the words of ``run_flips``."""
    return run_flips(words["count"], seed=words["seed"])
