"""Every mutant fits the sources as they are; the check tries each as a step of its own."""

from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.killers import Edit, StaleMutantError, apply

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_words_that_stand_in_the_sources_once(mutant):
    for edit in mutant.edits:
        source = (ROOT / edit.path).read_text(encoding="utf-8")
        assert source.count(edit.old) == 1, f"{edit.path} has not exactly one {edit.old!r}"
        compile(source.replace(edit.old, edit.new), edit.path, "exec")


def test_there_are_at_least_twenty_mutants_with_names_of_their_own():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20


def test_a_mutant_whose_place_is_gone_is_stale_and_not_killed(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n", encoding="utf-8")
    with pytest.raises(StaleMutantError):
        apply(Edit(path="a.py", old="x = 1", new="x = 2"), folder=tmp_path)
    with pytest.raises(StaleMutantError):
        apply(Edit(path="b.py", old="x", new="y"), folder=tmp_path)
