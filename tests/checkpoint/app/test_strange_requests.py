"""Days, pages and numbers that nobody means: refused with the field's name, never an error of ours."""

import pytest

from tests.checkpoint.app.running import Officer

DAYS = ("0001-01-01", "9999-12-31", "2026-02-30", "1999-12-31", "٢٠٢٦-11-22", "%00", "x")
ASKED_BY_DAY = ("/api/coverage?day=", "/api/coverage/export.csv?day=", "/api/register/away?day=")
HUGE = (2**63, 10**30, -1)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("path", ASKED_BY_DAY)
def test_a_day_on_which_no_gate_ever_stood_is_refused_by_its_field(officer: Officer, path, day):
    answer = officer.client.get(path + day)
    assert (answer.status_code, answer.json()["values"]) == (422, {"field": "day"})


@pytest.mark.parametrize("day", DAYS)
def test_no_shift_is_found_on_such_a_day(officer: Officer, day):
    answer = officer.client.get(f"/api/shift/report.json?day={day}&shift=morning")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_shift")


@pytest.mark.parametrize("starts_at", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"])
def test_no_hour_lies_before_or_after_all_time_zones(officer: Officer, starts_at):
    answer = officer.client.get(f"/api/coverage/rows?figure=not_logged&starts_at={starts_at}")
    assert (answer.status_code, answer.json()["values"]) == (422, {"field": "starts_at"})


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize(
    ("path", "field"),
    [("/api/crossings/day", "before"), ("/api/crossings/day.csv", "before"), ("/api/register/list", "after")],
)
def test_a_page_beyond_every_row_is_refused_by_its_field(officer: Officer, path, field, number):
    answer = officer.client.post(path, json={field: number})
    assert (answer.status_code, answer.json()["code"]) in {(422, "bad_field"), (400, "bad_request")}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_no_coverage_of_such_a_day_is_reconciled(officer: Officer, day):
    answer = officer.client.post("/api/coverage/reconcile", json={"day": day})
    assert (answer.status_code, answer.json()["values"]) == (422, {"field": "day"})
