"""Each figure of a report day opens the crossings it counts, and they count to the figure; nobody is named."""

import csv
import io
from datetime import timedelta

import msgspec
import pytest

from central.actions.freezing import freeze
from central.gate_figures import figures_in
from sync.agreement.records import SEALED_WORDS, CrossingWithdrawn, TravellerIdentity
from sync.agreement.vocabulary import Direction, Disposition, Sex, TravellerCategory
from tests.central.gate_samples import a_shift, declared
from tests.central.pushes import push
from tests.central.test_desk_history import centre, clock, journal, reception  # noqa: F401  # fixtures
from tests.central.visitors import signed_in
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, isolated, rechecked, screened

DAY = "/api/reports/2026-11-22"
PERSON = TravellerIdentity(full_name="NGƯỜI THỬ", document_number="T0000031")


def a_day(reception, journal) -> None:  # noqa: F811
    kinds = (
        {},
        {"disposition": Disposition.REFUSED, "temperature_c": 36.4, "redirect_to": "hoanh-mo"},
        {"category": TravellerCategory.EXPERT, "temperature_c": 36.6, "direction": Direction.EXIT},
        {"disposition": Disposition.PENDING, "category": TravellerCategory.BORDER_RESIDENT},
        {"disposition": Disposition.PENDING},
    )
    for number, kind in enumerate(kinds):
        at = MORNING + timedelta(hours=number)
        body = screened(f"c{number}", at=at, **kind)
        sex = (Sex.MALE, None, Sex.UNSPECIFIED)[number % 3]
        facts = msgspec.structs.replace(body.facts, sex=sex, nationality=("VNM", "CHN", None)[number % 3])
        journal.write(msgspec.structs.replace(body, facts=facts), at=at, who=PERSON)
    journal.write(rechecked("c4", disposition=Disposition.REFERRED))
    journal.write(isolated("c4"))
    push(reception, journal)


@demand("R053")
@pytest.mark.parametrize("form", ["page", "file"])
def test_the_rows_of_each_figure_count_to_it_at_each_gate_category_nationality_sex_and_hour(
    centre,  # noqa: F811
    reception,  # noqa: F811
    journal,  # noqa: F811
    form,
):
    a_day(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        shown = cdc.get(f"{DAY}/figures").json()
        opened = 0
        for table in shown["tables"]:
            for line in table["lines"]:
                asked = "&".join(f"{name}={value}" for name, value in line["ask"].items())
                for figure, count in line["figures"].items():
                    if form == "page":
                        found = cdc.get(f"{DAY}/rows?figure={figure}&{asked}").json()
                        assert (found["count"], len(found["rows"])) == (count, count), (line, figure)
                    elif count:
                        sheet = cdc.get(f"{DAY}/{figure}.csv?{asked}").content.decode("utf-8-sig")
                        assert len(list(csv.DictReader(io.StringIO(sheet)))) == count
                        assert "NGƯỜI THỬ" not in sheet
                    opened += 1
    assert opened > 60
    assert {table["by"] for table in shown["tables"]} == {"gate", "category", "nationality", "sex", "hour"}
    assert (shown["totals"]["crossings"], shown["totals"]["isolated"], shown["totals"]["redirected"]) == (5, 1, 1)


def test_rows_are_searched_and_turned_a_page_at_a_time(centre, reception, journal, monkeypatch):  # noqa: F811
    a_day(reception, journal)
    monkeypatch.setattr("central.routes.figures.ROWS_PER_PAGE", 2)
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        pages = [cdc.get(f"{DAY}/rows?figure=crossings&offset={offset}").json() for offset in (0, 2, 4)]
        found = cdc.get(f"{DAY}/rows?figure=crossings&q=EXPERT").json()
    assert [[row["crossing_id"] for row in page["rows"]] for page in pages] == [["c0", "c1"], ["c2", "c3"], ["c4"]]
    assert [row["crossing_id"] for row in found["rows"]] == ["c2"]


def test_rows_are_narrowed_to_a_direction_and_to_the_crossings_that_stand(centre, reception, journal):  # noqa: F811
    a_day(reception, journal)
    journal.write(CrossingWithdrawn(crossing_id="c0", withdraws_record_id="r", reason=SEALED_WORDS))
    push(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        asked = f"{DAY}/rows?figure=crossings&gate=mong-cai"
        found = {
            more: [row["crossing_id"] for row in cdc.get(asked + more).json()["rows"]]
            for more in ("", "&standing=true", "&standing=true&direction=entry", "&direction=exit")
        }
        sheet = cdc.get(f"{DAY}/crossings.csv?standing=true&direction=exit").content.decode("utf-8-sig")
    assert list(found.values()) == [
        ["c0", "c1", "c2", "c3", "c4"],
        ["c1", "c2", "c3", "c4"],
        ["c1", "c3", "c4"],
        ["c2"],
    ]
    assert [row["crossing_id"] for row in csv.DictReader(io.StringIO(sheet))] == ["c2"]


def test_the_page_says_whether_the_frozen_revision_says_the_same(centre, reception, journal, clock):  # noqa: F811
    a_day(reception, journal)
    clock.now += timedelta(days=1)
    freeze(centre, MORNING.date(), by="cdc")
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        before = cdc.get(f"{DAY}/figures").json()
        journal.write(screened("late", at=MORNING, temperature_c=36.5), at=MORNING, who=PERSON)
        push(reception, journal)
        after = cdc.get(f"{DAY}/figures").json()
    assert [(one["revision"], one["is_as_frozen"]) for one in (before, after)] == [(1, True), (1, False)]


def test_command_sees_the_figures_and_opens_none(centre, reception, journal):  # noqa: F811
    a_day(reception, journal)
    with signed_in(centre, username="chihuy", role="command") as command:
        assert command.get(f"{DAY}/figures").json()["totals"]["crossings"] == 5
        assert command.get(f"{DAY}/rows?figure=crossings").status_code == 403
        assert command.get(f"{DAY}/crossings.csv").status_code == 403


@pytest.mark.parametrize("form", ["page", "file"])
def test_the_records_behind_each_figure_of_what_gates_wrote_count_to_it(centre, reception, journal, form):  # noqa: F811
    for body in a_shift():
        journal.write(body)
    push(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        shown = cdc.get(f"{DAY}/beside/figures").json()
        counted = {figure for body in a_shift() for figure, _, count in figures_in(body) if count}
        assert {line["figure"] for line in shown["lines"]} == {figure.value for figure in counted}
        for line in shown["lines"]:
            [(gate, count)] = line["counts"].items()
            if form == "page":
                found = cdc.get(f"{DAY}/beside/rows?figure={line['figure']}&gate={gate}").json()
                assert (found["sum"], found["count"]) == (count, len(found["rows"])), line
                assert cdc.get(f"{DAY}/beside/rows?figure={line['figure']}&gate=elsewhere").json()["count"] == 0
            else:
                sheet = cdc.get(f"{DAY}/beside/{line['figure']}.csv?gate={gate}").content.decode("utf-8-sig")
                assert sum(int(row["count"]) for row in csv.DictReader(io.StringIO(sheet))) == count


def test_what_gates_wrote_is_searched_and_command_opens_none_of_it(centre, reception, journal):  # noqa: F811
    for body in (declared("c1"), declared("c2")):
        journal.write(body)
    push(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        found = cdc.get(f"{DAY}/beside/rows?figure=declarations&q=D-C2").json()
        assert [(row["crossing_id"], row["detail"]) for row in found["rows"]] == [("c2", "phone")]
        assert cdc.get(f"{DAY}/beside/rows?figure=no_such").status_code == 422
    with signed_in(centre, username="chihuy", role="command") as command:
        assert [line["counts"] for line in command.get(f"{DAY}/beside/figures").json()["lines"]] == [{"mong-cai": 2}]
        assert command.get(f"{DAY}/beside/rows?figure=declarations").status_code == 403
        assert command.get(f"{DAY}/beside/declarations.csv").status_code == 403
