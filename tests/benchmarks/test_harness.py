"""A benchmark prints one line that says what its number is worth."""

import json

from tests.benchmarks import BenchmarkResult
from tests.benchmarks.__main__ import as_line, names


def test_a_result_is_one_line_of_json_with_floor_ratio_and_machine():
    result = BenchmarkResult(name="x", value=30.0, unit="a/s", floor="bare", floor_value=60.0, aim="at least 20")
    line = as_line(result)
    assert b"\n" not in line
    told = json.loads(line)
    assert list(told) == ["name", "value", "unit", "floor", "floor_value", "ratio", "aim", "machine"]
    assert told["ratio"] == 0.5
    assert {"processor", "cores", "load_1min"} <= set(told["machine"])


def test_tests_of_benchmarks_are_no_benchmarks():
    assert "decode_gy" in names()
    assert not [name for name in names() if name.startswith(("test_", "_"))]
