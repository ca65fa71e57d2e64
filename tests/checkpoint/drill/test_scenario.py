"""Scripts of drills: what a script must be, and that those of the program are whole in every language."""

from datetime import date

import pytest

from checkpoint.documents import ReadDocument, read_document
from checkpoint.drill import ScenarioError, load_scenario, scenario_names
from checkpoint.drill.acts import ACTS
from checkpoint.drill.scenario import SCENARIOS, parse_scenario
from checkpoint.drill.travel_papers import passport_lines
from sync.agreement.labels_catalogue import LANGUAGES, Catalogue
from sync.agreement.records import RECORD_TYPES
from tests.demands import demand

WHOLE = """
id = "one"
title = { vi = "Một", en = "One", zh = "一个" }
story = { vi = "Chuyện", en = "Story", zh = "故事" }

[[inject]]
id = "first"
at_s = 5
lane = 1
title = { vi = "Người", en = "Person", zh = "旅客" }
traveller = { surname = "DIEN", given_names = "TAP", nationality = "CHN", number = "EX0000001", born_on = 1990-01-01 }
expect = [{ act = "passed", within_s = 30, clause = "điều 1" }]
"""
SECOND = """
[[inject]]
id = "second"
at_s = 9
title = { vi = "Mạng", en = "Link", zh = "线路" }
link = "cut"
"""


@demand("R109")
@pytest.mark.parametrize("name", scenario_names())
def test_each_scenario_of_the_program_holds_together(name):
    scenario = load_scenario(name)
    assert scenario.id == name
    assert any(inject.expect for inject in scenario.inject)
    assert all(one.clause for inject in scenario.inject for one in inject.expect)


def test_the_situations_of_the_demand_are_all_there():
    assert set(scenario_names()) >= {
        "fever-at-peak-hour",
        "two-fevers-full-room",
        "uplink-cut",
        "refusal-compulsory",
        "scanner-fallback",
        "order-in-mid-shift",
        "group-one-missing",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_act_has_its_words_and_a_record_that_proves_it(language):
    catalogue = Catalogue.load(language)
    known = {record_type for record_type, _ in RECORD_TYPES}
    assert {word: act.record for word, act in ACTS.items() if act.record not in known} == {}
    assert all(catalogue.text("drill_act", word) for word in ACTS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id = ", "cannot be read as TOML"),
        (WHOLE.replace('id = "one"', 'id = "one"\nspeed = 3'), "speed"),
        (WHOLE.replace('act = "passed"', 'act = "flown"'), "nobody knows the act 'flown'"),
        (WHOLE.replace("lane = 1\n", ""), "say at which lane"),
        (WHOLE.replace("within_s = 30", "within_s = 0"), "within_s"),
        (WHOLE.replace(', zh = "旅客"', ""), "zh"),
        (WHOLE.replace('surname = "DIEN"', 'surname = "Điền"'), "surname"),
        (WHOLE + SECOND.replace('"second"', '"first"'), "stands twice"),
        (WHOLE + SECOND.replace("at_s = 9", "at_s = 1"), "order of at_s"),
        (WHOLE + SECOND.replace('link = "cut"', 'link = "cut"\norder = "x"'), "at once"),
        (WHOLE + SECOND.replace('link = "cut"', 'order = "id = 3"'), "order cannot be read"),
        (WHOLE + SECOND.replace('link = "cut"', 'link = "lost"'), "link"),
        (WHOLE + SECOND.replace('link = "cut"', 'manifest = "full_name"'), "say at which lane"),
    ],
)
def test_a_script_that_does_not_hold_together_is_refused_with_its_place(text, told):
    with pytest.raises(ScenarioError, match=r"mine\.toml: ") as refused:
        parse_scenario(text, name="mine.toml")
    assert told in str(refused.value)


def test_a_script_of_ones_own_is_read_from_its_file_and_an_unknown_one_names_those_that_exist(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE + SECOND, encoding="utf-8")
    assert load_scenario(path).duration_s == 35
    with pytest.raises(ScenarioError, match="uplink-cut"):
        load_scenario("no-such-drill")


@pytest.mark.parametrize("name", scenario_names())
def test_the_passports_of_a_script_are_read_without_a_fault(name):
    today = date(2028, 2, 29)
    for inject in load_scenario(name).inject:
        if inject.traveller is None:
            continue
        read = read_document("\n".join(passport_lines(inject.traveller, today=today)), today=today)
        assert isinstance(read, ReadDocument)
        assert (read.warnings, read.are_check_digits_valid) == ((), True)
        assert read.fields.document_number == inject.traveller.number


def test_the_people_of_the_scripts_are_invented_for_all_to_see():
    for path in SCENARIOS.glob("*.toml"):
        actors = [one.traveller for one in load_scenario(path).inject if one.traveller is not None]
        assert all(one.surname == "DIEN TAP" and one.number.startswith("EX") for one in actors)
