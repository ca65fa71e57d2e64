"""Experts and foreigners on projects are controlled to 100 %, or each gap is listed; names for the CDC alone."""

from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import select

from central.actions.desk import REVEAL_ACTION
from central.actions.erasing import erase_people
from central.store.engine import reading
from central.store.tables import access_log
from sync.agreement.records import CrossingCorrected, CrossingWithdrawn, TravellerIdentity
from sync.agreement.vocabulary import Disposition, TravellerCategory
from tests.central.pushes import push
from tests.central.test_desk_history import centre, clock, journal, reception  # noqa: F401  # fixtures
from tests.central.visitors import signed_in
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, rechecked, screened

DAY = "2026-11-22"
EXPERT = TravellerIdentity(
    full_name="CHUYÊN GIA THỬ", document_number="T0000021", employer="Công ty Dệt Thử", project="Nhà máy sợi 2"
)


def come(journal, crossing_id, *, minutes=0, category=TravellerCategory.EXPERT, who=EXPERT, **change):  # noqa: F811
    at = MORNING + timedelta(minutes=minutes)
    done = {"has_declaration": True, "is_symptom_checked": True, "has_employer": True} | {
        name: change.pop(name) for name in ("has_declaration", "is_symptom_checked", "has_employer") if name in change
    }
    body = screened(crossing_id, at=at, category=category, **({"temperature_c": 36.5} | change))
    facts = msgspec.structs.replace(body.facts, **done)
    journal.write(msgspec.structs.replace(body, facts=facts), at=at, who=who)


def a_day(reception, journal) -> None:  # noqa: F811
    come(journal, "whole")
    come(journal, "undeclared", minutes=1, has_declaration=False)
    come(journal, "unmeasured", minutes=2, temperature_c=None)
    come(journal, "tourist", minutes=3, category=TravellerCategory.TOURIST, has_declaration=False)
    nothing_done = dict.fromkeys(("has_declaration", "has_employer", "is_symptom_checked"), False)
    come(journal, "made-expert", minutes=4, category=TravellerCategory.TOURIST, **nothing_done)
    journal.write(
        CrossingCorrected(
            crossing_id="made-expert", corrects_record_id="r", reason="nhầm", category=TravellerCategory.EXPERT
        )
    )
    come(journal, "turned-back", minutes=5, has_declaration=False, disposition=Disposition.REFUSED)
    come(journal, "logged-twice", minutes=6)
    journal.write(CrossingWithdrawn(crossing_id="logged-twice", withdraws_record_id="r", reason="ghi hai lần"))
    come(journal, "second-check", minutes=7, has_declaration=False, disposition=Disposition.PENDING)
    later = msgspec.structs.replace(rechecked("second-check", disposition=Disposition.CLEARED), has_declaration=True)
    journal.write(later)
    push(reception, journal)


@demand("R014")
def test_of_experts_each_passage_is_complete_or_each_gap_is_listed_by_day_and_gate(centre, reception, journal):  # noqa: F811
    a_day(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as desk:
        shown = desk.get(f"/api/experts?until={DAY}").json()
        passages = desk.get(f"/api/experts/{DAY}/passages").json()["passages"]
        rows = desk.get(f"/api/experts/{DAY}/passages.csv").text
        sheet = desk.get(f"/api/experts.csv?until={DAY}").text
    [line] = shown["coverage"]
    assert (line["report_day"], line["point_of_entry_id"], line["due"], line["complete"]) == (DAY, "mong-cai", 5, 2)
    assert line["missing"] == {"temperature": 1, "symptom_check": 1, "declaration": 2, "employer": 1}
    assert (shown["due"], shown["complete"]) == (5, 2)
    assert {one["crossing_id"]: one["missing"] for one in passages} == {
        "whole": [],
        "undeclared": ["declaration"],
        "unmeasured": ["temperature"],
        "made-expert": ["symptom_check", "declaration", "employer"],
        "second-check": [],
    }
    assert [one["exception_code"] for one in passages if one["crossing_id"] == "unmeasured"] == ["infant"]
    assert len(rows.splitlines()) == 6
    assert f"{DAY},mong-cai,5,2," in sheet
    for text in (rows, sheet, str(passages)):
        assert "CHUYÊN GIA" not in text
        assert "Dệt" not in text


@demand("R014")
def test_employer_and_project_are_opened_by_the_cdc_alone_and_each_look_is_logged(centre, reception, journal):  # noqa: F811
    a_day(reception, journal)
    erase_people(centre, ["undeclared"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    with signed_in(centre, username="cdc", role="cdc") as desk:
        looked = desk.send(f"/api/experts/{DAY}/opened", {"reason": "audit", "only_gaps": True})
        file = desk.send(f"/api/experts/{DAY}/opened.csv", {"reason": "audit", "gate": "hoanh-mo"})
        unsaid = desk.send(f"/api/experts/{DAY}/opened", {"reason": "other"})
    assert {one["crossing_id"]: (one["employer"], one["project"]) for one in looked.json()["passages"]} == {
        "undeclared": ("", ""),
        "unmeasured": ("Công ty Dệt Thử", "Nhà máy sợi 2"),
        "made-expert": ("Công ty Dệt Thử", "Nhà máy sợi 2"),
    }
    assert len(file.text.splitlines()) == 1, "nobody at the other gate"
    assert (unsaid.status_code, unsaid.json()["code"]) == (400, "reason_required")
    with reading(centre.store.engine) as connection:
        log = connection.execute(select(access_log.c.subject).where(access_log.c.action == REVEAL_ACTION)).scalars()
        looked_at = set(log)
    assert looked_at == {"undeclared", "unmeasured", "made-expert"}


@pytest.mark.parametrize(("role", "figures", "rows"), [("command", 200, 403), ("administrator", 403, 403)])
def test_command_sees_how_many_and_no_row(centre, reception, journal, role, figures, rows):  # noqa: F811
    a_day(reception, journal)
    with signed_in(centre, username=role, role=role) as visitor:
        assert visitor.get(f"/api/experts?until={DAY}").status_code == figures
        assert visitor.get(f"/api/experts/{DAY}/passages").status_code == rows
        assert visitor.send(f"/api/experts/{DAY}/opened", {"reason": "audit"}).status_code == rows


def test_a_day_without_experts_reads_no_crossing(centre, reception, journal):  # noqa: F811
    come(journal, "tourist", category=TravellerCategory.TOURIST)
    push(reception, journal)
    assert centre.store.experts.between(date(2026, 11, 1), date(2026, 11, 30)) == []
