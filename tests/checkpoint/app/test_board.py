"""The gate head's board over a real edge: each figure is the number of its rows, and nothing unknown is a nought."""

import csv
import io
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from checkpoint.actions.board_rows import board_rows
from checkpoint.actions.board_view import begins_at, board
from checkpoint.actions.deciding import close_crossing, except_person, measure_person
from checkpoint.actions.rechecking import recheck_person, set_aside_person
from checkpoint.actions.view import UplinkView
from checkpoint.app import create_app
from checkpoint.store import board as board_store
from checkpoint.store.instants import to_text
from checkpoint.workers import Workers
from devices.health import DeviceHealth, DeviceState
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.people import NORMAL_C
from tests.demands import demand
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

OLD_ROWS = 60_000


class Gate:
    """A morning at one lane: 6 cleared, 1 excepted, 2 isolated after an alarm, 1 led aside, 3 seen and not logged."""

    def __init__(self, folder) -> None:
        self.edge = Edge(folder)
        self.health = {"face-1": DeviceHealth(device_id="face-1", state=DeviceState.UP)}
        for username, name, role in (("truong", "Đào Minh Sơn", "gate_head"), ("canbo", "Phạm Thu Hà", "officer")):
            hashed = CHEAP.hash_password(PASSWORD, username=username)
            user = User(username=username, name=name, role=role, password_hash=hashed)
            self.edge.gate.store.accounts.put_officer(user)
        self._morning()

    def _morning(self) -> None:
        edge = self.edge
        for number in range(6):
            edge.present(f"QN 30000{number}")
            edge.clock.forward(seconds=5 + number)
            edge.do(measure_person, temperature_c=NORMAL_C, device_kind="infrared_thermometer", site="forehead")
            edge.do(close_crossing, draft_id=edge.draft_id)
        edge.present("QN 300010")
        edge.do(except_person, draft_id=edge.draft_id, code="infant", age_years=0, reason="trẻ sơ sinh")
        edge.do(close_crossing, draft_id=edge.draft_id)
        for number, wait_s in ((20, 60), (21, 240)):
            self._alarm(f"QN 3000{number}", wait_s=wait_s)
        edge.present("QN 300030")
        edge.do(measure_person, temperature_c=38.7, device_kind="infrared_thermometer", site="forehead")
        edge.do(set_aside_person, draft_id=edge.draft_id)
        for _ in range(3):
            edge.clock.forward(seconds=20)
            edge.scan_face(NORMAL_C)

    def _alarm(self, number: str, *, wait_s: float) -> None:
        edge = self.edge
        edge.present(number)
        edge.do(measure_person, temperature_c=38.6, device_kind="infrared_thermometer", site="forehead")
        edge.clock.forward(seconds=wait_s)
        edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.8, site="axillary")

    def board(self):
        return board(self.edge.gate, devices=self.health, uplink=UplinkView())


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Iterator[Gate]:
    made = Gate(tmp_path_factory.mktemp("board"))
    yield made
    made.edge.close()


@pytest.fixture(scope="module")
def url(gate) -> Iterator[str]:
    app = create_app(gate.edge.gate, workers=Workers(gate.edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as address:
        yield address


@demand("R021")
def test_the_time_from_alarm_to_isolation_is_told_with_its_slow_end_and_who_still_waits(gate):
    shown = gate.board().isolation

    assert (shown.spread.count, shown.spread.p50_s, shown.spread.p95_s) == (2, 60.0, 240.0)
    rows = board_rows(gate.edge.gate, "isolation", lane_id="")
    assert sorted(row.took_s for row in rows) == [60.0, 240.0], "the rows are those that were counted"
    assert shown.open == 1, "the one led aside has no place yet, and is no nought in the average"
    assert (shown.occupied, shown.places) == (2, 2)


@pytest.mark.parametrize("figure", list(board_store.FIGURES))
def test_each_figure_of_the_day_is_the_number_of_its_rows(gate, figure):
    shown = gate.board()
    for lane in shown.lanes:
        assert getattr(lane.today, figure) == len(board_rows(gate.edge.gate, figure, lane_id=lane.lane_id))
    assert getattr(shown.today, figure) == len(board_rows(gate.edge.gate, figure, lane_id=""))


def test_the_day_adds_up(gate):
    today = gate.board().today

    assert (today.crossings, today.measured, today.not_measured, today.alarms) == (10, 9, 1, 3)


def test_the_pace_is_of_the_last_hour_and_of_nothing_before(gate):
    lane, other = gate.board().lanes
    assert lane.pace.count == len(board_rows(gate.edge.gate, "pace", lane_id=LANE)) == 10
    assert lane.pace.p95_s == 240.0, "an alarm keeps its lane until the recheck"
    assert (other.pace.count, other.pace.p50_s) == (0, None)


def test_the_queue_is_told_with_its_basis_and_never_as_nought_where_no_scanner_works(gate):
    lane, other = gate.board().lanes
    assert (lane.queue.waiting, lane.queue.basis) == (3, "passages")
    assert len(board_rows(gate.edge.gate, "queue", lane_id=LANE)) == 3
    assert (other.queue.waiting, other.queue.basis) == (None, "no_scanner")
    gate.health = {"face-1": DeviceHealth(device_id="face-1", state=DeviceState.STALE)}
    silent = gate.board().lanes[0].queue
    gate.health = {"face-1": DeviceHealth(device_id="face-1", state=DeviceState.UP)}
    assert (silent.waiting, silent.basis) == (None, "scanner_silent")


@demand("R017")
def test_the_lane_plan_sets_the_load_against_what_the_open_lanes_can_take(gate):
    entry = next(load for load in gate.board().loads if load.direction == "entry")
    assert entry.per_hour == 10
    assert entry.lanes_needed == 1
    assert entry.lanes_open == 0, "no officer's screen is open"
    assert next(load for load in gate.board().loads if load.direction == "exit").capacity_per_hour is None


def test_coverage_that_was_not_reconciled_is_unknown(gate):
    shown = gate.board().coverage
    assert (shown.seen, shown.gaps) == (None, None)
    assert shown.waiting_hours >= 1


@pytest.mark.parametrize("name", ["day_counts", "handled_since", "alarm_times", "redirected_to"])
def test_no_query_of_the_board_reads_a_row_older_than_it_shows(gate, name):
    plans = []
    with gate.edge.gate.store.readers.connect() as connection:
        run = connection.execute

        def noting(statement, *args):
            text = str(statement.compile(connection.engine, compile_kwargs={"literal_binds": True}))
            plans.extend(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
            return run(statement, *args)

        connection.execute = noting
        getattr(board_store, name)(connection, since=begins_at(gate.edge.clock.now))
    reads = [plan for plan in plans if "crossing" in plan and "isolation_act" not in plan and "paper_line" not in plan]
    assert reads
    assert all("USING INDEX ix_crossing_presented_at (presented_at>?)" in plan for plan in reads), plans
    assert not any(plan.startswith("SCAN") for plan in plans), plans


def test_a_lane_with_many_old_crossings_is_drawn_as_fast_as_an_empty_one(tmp_path):
    edge = Edge(tmp_path)
    try:
        edge.present("QN 300001")
        edge.do(measure_person, temperature_c=NORMAL_C, device_kind="infrared_thermometer", site="forehead")
        edge.do(close_crossing, draft_id=edge.draft_id)

        def cost_s() -> float:
            board(edge.gate, devices={}, uplink=UplinkView())
            begun = time.thread_time()
            for _ in range(5):
                board(edge.gate, devices={}, uplink=UplinkView())
            return (time.thread_time() - begun) / 5

        empty_s = cost_s()
        _add_old_rows(edge)
        full_s = cost_s()
        assert full_s < max(2 * empty_s, 0.02), (empty_s, full_s)
        assert board(edge.gate, devices={}, uplink=UplinkView()).today.crossings == 1
    finally:
        edge.close()


def _add_old_rows(edge: Edge) -> None:
    """Rows of the year before, copied from the one that is there."""
    columns = [row[1] for row in edge.rows("PRAGMA table_info(crossing)")]
    at = to_text(edge.clock.now - timedelta(days=300))
    changed = {
        "entry": "entry + 1000 + n",
        "crossing_id": "crossing_id || n",
        "record_id": "record_id || n",
        "presented_at": f"'{at}'",
    }
    chosen = ", ".join(changed.get(name, name) for name in columns)
    numbers = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {OLD_ROWS})"
    sql = f"INSERT INTO crossing ({', '.join(columns)}) {numbers} SELECT {chosen} FROM crossing, c"
    edge.gate.store.writer.submit(lambda transaction: transaction.execute(sql, {})).result(30)


def test_only_the_head_of_the_gate_sees_the_board_and_a_file_of_rows_is_logged(gate, url):
    head, officer = Visitor(url).sign_in("truong"), Visitor(url).sign_in("canbo")
    assert head.get("/", headers={"Accept": "text/html"}).headers["location"] == "/board"
    assert officer.get("/api/board").status_code == 403
    assert officer.get("/api/board/rows?figure=crossings").status_code == 403
    assert head.post(f"/api/lanes/{LANE}/close", headers={"X-CSRF-Token": head.csrf}).status_code == 403

    answer = head.get("/api/board/rows.csv?figure=alarms")
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(table) == 4
    assert "300020" not in answer.text, "numbers stay masked in a file"
    assert gate.edge.rows("SELECT action, subject FROM access_log WHERE action = 'board_exported'") == [
        ("board_exported", "alarms")
    ]
    assert head.get("/api/board/rows?figure=secrets").status_code == 422


@pytest.mark.parametrize(
    ("size", "language", "theme"),
    [((1920, 1080), "vi", "light"), ((1366, 768), "zh", "dark"), ((800, 1280), "en", "light")],
)
def test_the_board_shows_all_at_one_glance_and_each_figure_opens_its_rows(page, url, size, language, theme):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_page(page, url, "/board", username="truong", language=language, theme=theme)
    page.wait_for_selector("#lanes tr")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#crossings-figure").inner_text() == "10"

    assert page.locator("#lane-lane-1 [data-cell=devices] a").get_attribute("href") == "/devices#lane-1"
    page.locator("#lane-lane-1 [data-figure=alarms]").click()
    page.wait_for_selector("#rows tr")
    assert page.locator("#rows tr").count() == 3
    page.locator("#rows-search").fill("C1")
    assert page.locator("#rows tr:visible").count() == 1
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator("#rows-part").is_hidden()


def test_nothing_moves_while_the_figures_of_the_board_change(page, gate, url):
    page.add_init_script(
        "window.shifts = 0; new PerformanceObserver(list => "
        "list.getEntries().forEach(one => (window.shifts += one.value)))"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    open_page(page, url, "/board", username="truong")
    page.wait_for_selector("#lanes tr")
    page.evaluate("window.shifts = 0")
    gate.edge.present("QN 300040")
    expect(page.locator("#lane-lane-1 [data-cell=standing]")).to_contain_text("Có người", timeout=6500)
    assert page.evaluate("window.shifts") < 0.01


def test_the_devices_of_one_lane_open_alone(page, url):
    open_page(page, url, "/board", username="truong")
    page.locator("#lane-lane-1 [data-cell=devices] a").click()
    page.wait_for_url("**/devices#lane-1")
    page.wait_for_function("() => document.querySelector('#search').value !== ''")
    assert page.locator("#devices tr").count() == 1
