"""The page of attacks has thirty on the sync: each has a test of its own number, and none may be skipped."""

import ast
import sys
from pathlib import Path

HERE = Path(__file__).parent
SYNC_ATTACKS = range(1, 31)


def test_thirty_of_thirty_sync_attacks_have_a_test_of_their_own_and_none_is_skipped():
    tests = {}
    for path in sorted(HERE.glob("test_sync_attacks_*.py")):
        source = path.read_text(encoding="utf-8")
        assert "skip" not in source.replace("skipped", ""), f"{path.name}: an attack is never skipped"
        assert "xfail" not in source, path.name
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                word, number = node.name.split("_")[1:3]
                assert word == "attack", node.name
                tests.setdefault(int(number), []).append(node.name)
    sys.stdout.write(f"{len(tests)} of {len(SYNC_ATTACKS)} sync attacks, {sum(map(len, tests.values()))} tests\n")
    assert sorted(tests) == list(SYNC_ATTACKS)
