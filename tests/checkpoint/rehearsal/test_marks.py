"""A drill says so on every screen, table and paper; a real edge never does, and has no drill."""

import csv
import io
import re
from collections.abc import Iterator
from uuid import uuid4

import pypdf
import pytest
from docx import Document

from checkpoint.actions.exercising import close_exercise, note_inject, open_exercise, play_order, scenario_of
from checkpoint.actions.labelling import label_dots, label_pdf
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app import create_app
from checkpoint.register.label_code import new_label_code
from checkpoint.workers import Workers
from sync.agreement.exercise import is_exercise_name
from sync.exchange.envelope import decode_record
from tests.checkpoint.edges import Edge
from tests.checkpoint.rehearsal.marked import ROLES, DrillEdge, application, visitor
from tests.demands import demand
from tests.web.stage import CHEAP, labels
from tests.web.test_door import routes_of

WORDS = {"vi": "DIỄN TẬP", "en": "EXERCISE", "zh": "演练"}


@pytest.fixture(scope="module")
def drill(tmp_path_factory) -> Iterator[DrillEdge]:
    edge = DrillEdge(tmp_path_factory.mktemp("drill"))
    yield edge
    edge.close()


@pytest.fixture(scope="module")
def url(drill) -> Iterator[str]:
    with application(drill) as address:
        yield address


@pytest.fixture(scope="module")
def cleared(url) -> str:
    """The crossing of somebody who was let pass by the officer of the drill."""
    with visitor(url) as officer:
        return screened(officer, "QN 100123", temperature_c=36.5)


@pytest.fixture(scope="module")
def isolated(url, cleared) -> str:
    """The crossing of somebody with a fever, who is isolated."""
    with visitor(url) as officer:
        crossing_id = screened(officer, "QN 100999", temperature_c=38.4)
        recheck = {"crossing_id": crossing_id, "temperature_c": 38.9, "site": "axillary"}
        officer.post("/api/lanes/lane-1/recheck", json=recheck).raise_for_status()
        steps = {
            "propose": {"ground": "suspect", "proposer": "Người đề nghị"},
            "decide": {"is_approved": True, "order_number": "01/DT", "signer": "Người ký"},
        }
        for step, body in steps.items():
            act = {"act_id": str(uuid4()), **body}
            officer.post(f"/api/isolation/{crossing_id}/{step}", json=act).raise_for_status()
        return crossing_id


def screened(officer, number, *, temperature_c) -> str:
    officer.post("/api/lanes/lane-1/present", json={"text": number, "has_declaration": True}).raise_for_status()
    by_hand = {"temperature_c": temperature_c, "device_kind": "infrared_thermometer", "site": "forehead"}
    view = officer.post("/api/lanes/lane-1/measure", json=by_hand).raise_for_status().json()
    if view["verdict"]["outcome"] == "cleared":
        officer.post("/api/lanes/lane-1/close", json={"draft_id": view["draft_id"]}).raise_for_status()
    return view["draft_id"]


def pages_of(edge) -> list[str]:
    """Every address of the application that is asked for with GET; those of one lane, of lane 1."""
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    paths = [route.path for route in routes_of(app.routes) if "GET" in (getattr(route, "methods", None) or ())]
    paths = [path.replace("{lane_id}", "lane-1") for path in paths]
    return sorted({path for path in paths if "{" not in path and not path.endswith("/events")})


def pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(page.extract_text() for page in pages)


@demand("R033")
@pytest.mark.parametrize("username", [*ROLES, ""])
def test_every_screen_of_a_drill_carries_word_colour_and_pattern(drill, url, username):
    seen = set()
    with visitor(url, username or "canbo") as client:
        if not username:
            client.cookies.clear()
        for path in pages_of(drill):
            answer = client.get(path, headers={"accept": "text/html"})
            assert answer.headers["x-kiemdich-exercise"] == "1", path
            if answer.headers.get("content-type", "").startswith("text/html"):
                seen.add(path)
                assert 'class="exercise-mark" aria-label="DIỄN TẬP" data-word="DIỄN TẬP"' in answer.text, path
                assert 'class="exercise-pattern"' in answer.text, path
                (sheet,) = re.findall(r'href="(/static/[^"]+/css/exercise\.css)"', answer.text)
    assert ("/sign-in" in seen) == (not username)
    if username == "canbo":
        assert seen >= {"/lanes", "/lanes/lane-1", "/isolation", "/register", "/shift", "/coverage", "/drill"}
    with visitor(url) as client:
        look = client.get(sheet).text
    assert "--exercise" in look
    assert "repeating-linear-gradient" in look


@pytest.mark.parametrize("language", WORDS)
def test_the_mark_speaks_the_language_of_the_page(url, language):
    with visitor(url, language=language) as client:
        assert f'data-word="{WORDS[language]}"' in client.get("/shift").text


def test_every_table_of_a_drill_has_the_mark_in_each_row_and_in_its_name(drill, url, isolated):
    files = []
    with visitor(url) as officer, visitor(url, "truong") as head:
        for client in (officer, head):
            for path in pages_of(drill):
                files += [client.get(path)] if path.endswith(".csv") else []
            files.append(client.post("/api/register/export", json={}))
    tables = [answer for answer in files if answer.headers.get("content-type", "").startswith("text/csv")]
    assert len(tables) >= 3
    for answer in tables:
        rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert rows
        assert {row[0] for row in rows} == {"DIỄN TẬP"}
        assert 'filename="DIEN-TAP-' in answer.headers["content-disposition"]


@demand("R033")
def test_every_paper_of_a_drill_is_watermarked(drill, url, cleared, isolated):
    day = drill.clock.now.date().isoformat()
    with visitor(url) as officer:
        block = officer.post("/api/shift/sheets", json={"block_id": str(uuid4()), "sheets": 1}).raise_for_status()
        first = block.json()["done"]["first_number"]
        papers = [
            officer.get(f"/api/shift/report.pdf?day={day}&shift=morning"),
            officer.get(f"/api/shift/sheets/{first}.pdf"),
            officer.post("/api/lanes/lane-1/slip.pdf", json={"crossing_id": cleared}),
        ]
        topics = officer.get(f"/api/isolation/{isolated}/papers").raise_for_status().json()["papers"]
        assert len(topics) >= 3
        papers += [officer.get(f"/api/isolation/{isolated}/papers/{topic}.pdf") for topic in topics]
        written = officer.get(f"/api/isolation/{isolated}/papers/{topics[0]}.docx").raise_for_status().content
    for answer in papers:
        assert "DIỄN TẬP" in pdf_text(answer.raise_for_status().content), answer.url.path
        assert 'filename="DIEN-TAP-' in answer.headers["content-disposition"]
    assert any("DIỄN TẬP" in line.text for line in Document(io.BytesIO(written)).paragraphs)


def test_a_label_of_a_drill_is_marked_for_the_eye_and_for_the_printer(drill):
    code = new_label_code(lambda n: bytes(range(n)))
    assert "DIỄN TẬP" in pdf_text(label_pdf(code, at=drill.clock.now, is_exercise=True))
    plain, marked = (label_dots(code, dots_per_mm=8, is_exercise=is_drill).dark() for is_drill in (False, True))
    assert (plain != marked).any()


def test_every_record_of_a_drill_carries_the_mark_in_its_open_part(drill, isolated):
    records = [decode_record(record) for record in drill.journal()]
    assert len(records) > 3
    assert all(is_exercise_name(one.edge_id) for one in records)


def test_who_is_drilled_sees_the_timeline_afterwards_who_leads_sees_it_live(tmp_path):
    edge = DrillEdge(tmp_path)
    scenario = scenario_of(edge.gate)
    edge.gate.perform(lambda turn: open_exercise(turn, scenario, speed=1)).result(10)
    edge.gate.perform(lambda turn: note_inject(turn, scenario.inject[0].id, lane_id="lane-1")).result(10)
    with application(edge) as url, visitor(url) as officer, visitor(url, "cdc", language="en") as leader:
        refused = officer.get("/api/drill")
        assert (refused.status_code, refused.json()["code"]) == (403, "drill_running")
        live = leader.get("/api/drill").raise_for_status().json()
        assert (live["standing"], live["rows"][0]["state"], live["said"]) == ("running", "waiting", [])
        edge.clock.forward(seconds=60)
        assert leader.get("/api/drill").json()["rows"][0]["state"] == "missed"
        edge.gate.perform(lambda turn: close_exercise(turn, is_whole=True)).result(10)
        over = officer.get("/api/drill").raise_for_status().json()
        assert over["standing"] == "over"
        assert any("Bỏ sót" in sentence for sentence in over["said"])
        table = officer.get("/api/drill/timeline.csv").raise_for_status().text
        assert table.count("DIỄN TẬP") == len(over["rows"]) + 1
        for client, title in ((officer, "Biên bản diễn biến diễn tập"), (leader, "Timeline of a drill")):
            text = pdf_text(client.get("/api/drill/timeline.pdf").raise_for_status().content)
            assert title.upper() in text
            assert text.count("EXERCISE" if client is leader else "DIỄN TẬP") >= 2
    edge.close()


def test_a_real_edge_has_no_mark_no_drill_and_plays_none(tmp_path):
    edge = Edge(tmp_path)
    with application(edge) as url, visitor(url) as officer:
        for path in ("/lanes/lane-1", "/shift"):
            answer = officer.get(path)
            assert "x-kiemdich-exercise" not in answer.headers
            assert "exercise-mark" not in answer.text
        assert officer.get("/drill").status_code == 404
        assert officer.get("/api/drill").status_code == 404
    for command in (
        lambda turn: open_exercise(turn, None, speed=1),
        lambda turn: note_inject(turn, "fever", lane_id=None),
        lambda turn: close_exercise(turn, is_whole=True),
        lambda turn: play_order(turn, ""),
    ):
        with pytest.raises(ActionRefusedError, match="no_drill"):
            edge.gate.perform(command).result(10)
    assert edge.journal() == []
    edge.close()
