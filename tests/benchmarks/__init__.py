"""Benchmarks that say what a number is worth: each measures its own bare floor in the same run.

``python -m tests.benchmarks NAME`` runs ``tests/benchmarks/NAME.py`` and prints exactly one line of
JSON: name, value, unit, floor, floor_value, ratio, aim, context (if any) and the machine. A benchmark is a module
with one function::

    def run() -> BenchmarkResult: ...

``value`` is what our code reaches, ``floor_value`` what the barest code that does the same work
reaches on this machine a moment earlier or later, and ``floor`` says in a few words what that was.
``ratio`` is value divided by floor_value, whether more or less is better: ``unit`` tells.
Whatever else a benchmark wants to tell goes to standard error.
"""

import msgspec


class BenchmarkResult(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number beside its floor. ``aim`` is a sentence, for example ``"at least 50000"``.

    ``context`` holds further numbers that tell what the value is worth, such as CPU time per record.
    """

    name: str
    value: float
    unit: str
    floor: str
    floor_value: float
    aim: str
    context: dict[str, float] = {}

    @property
    def ratio(self) -> float:
        """How the value stands to the floor."""
        return self.value / self.floor_value
