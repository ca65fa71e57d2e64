"""A command beside a running edge asks the edge to write: two programs never write one database."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from checkpoint.actions.entrusting import (
    CarriedOut,
    HoldersOrder,
    OfficerOrder,
    carry_out_orders,
    entrust,
    forget_orders,
)
from checkpoint.store.connection import StoreError
from checkpoint.store.holders import Holder
from checkpoint.store.sealed_files import open_sealed_file, write_sealed
from tests.checkpoint.edges import Edge
from web.sign_in import User

OFFICER = OfficerOrder(user=User(username="canbo-2", name="Cán bộ hai", role="officer", password_hash="x"))


def answered(edge: Edge, order: OfficerOrder | HoldersOrder) -> CarriedOut:
    """What the command hears while the edge looks at its folder again and again."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            carry_out_orders(edge.gate)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        return entrust(edge.settings.data_path, order, answered_within_s=10)
    finally:
        done.set()
        looking.join()


def left_over(edge: Edge) -> list[str]:
    return [path.name for path in edge.settings.data_path.glob("entrusted-*")]


def test_an_officer_and_holders_are_written_by_the_running_edge(edge):
    assert answered(edge, OFFICER) == CarriedOut(rows=1)
    assert edge.gate.store.accounts.find_user("canbo-2") == OFFICER.user
    holders = tuple(Holder(pass_number=f"QN{number}", full_name="Người Mẫu") for number in range(3))
    assert answered(edge, HoldersOrder(holders=holders)).rows == 3
    assert edge.rows("SELECT count(*) FROM holder") == [(3,)]
    assert left_over(edge) == []


def test_an_order_that_nobody_answers_is_taken_back_and_never_carried_out_later(edge):
    with pytest.raises(StoreError, match="did not answer"):
        entrust(edge.settings.data_path, OFFICER, answered_within_s=0.3)
    carry_out_orders(edge.gate)
    assert edge.gate.store.accounts.find_user("canbo-2") is None
    assert left_over(edge) == []


def test_an_order_of_an_earlier_run_is_forgotten_at_the_start(edge):
    path = edge.settings.data_path / "entrusted-00.order"
    path.write_bytes(msgspec.json.encode(OFFICER))
    forget_orders(edge.settings.data_path)
    carry_out_orders(edge.gate)
    assert edge.gate.store.accounts.find_user("canbo-2") is None


def test_what_cannot_be_read_is_answered_and_stops_nothing(edge):
    path = edge.settings.data_path / "entrusted-01.order"
    path.write_bytes(b"{")
    carry_out_orders(edge.gate)
    told = answer_to(edge, path)
    assert "same version" in told.fault
    assert not path.exists()


def answer_to(edge: Edge, path: Path) -> CarriedOut:
    laid = path.with_suffix(".answer")
    said = open_sealed_file(laid, content=laid.read_bytes(), key=edge.gate.identity.site_key)
    return msgspec.json.decode(said, type=CarriedOut)


NAME, NUMBER = "Voòng Cắm Múi Thử Nghiệm", "QN9990001"
HOLDERS = HoldersOrder(holders=(Holder(pass_number=NUMBER, full_name=NAME),))


def in_clear(folder: Path, words: tuple[str, ...] = (NAME, NUMBER)) -> list[str]:
    """The files of the folder that say any of the words, as text or as JSON writes it."""
    forms = [form for word in words for form in (word.encode(), json.dumps(word)[1:-1].encode())]
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and any(form in path.read_bytes() for form in forms):
                found.append(path.name)
    return found


def test_while_holders_wait_for_the_edge_no_file_says_their_names(edge):
    folder, looks, orders = edge.settings.data_path, [], []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.002):
            orders.extend(folder.glob("entrusted-*"))
            looks.append(in_clear(folder))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        with pytest.raises(StoreError, match="did not answer"):
            entrust(folder, HOLDERS, answered_within_s=0.5)
        assert answered(edge, HOLDERS).rows == 1
    finally:
        done.set()
        looking.join()
    assert orders, "the scan saw the order lie there"
    assert [names for names in looks if names] == []
    assert left_over(edge) == []


def test_a_command_that_is_killed_leaves_nothing_in_clear_and_the_edge_sweeps_it_away(edge):
    folder = edge.settings.data_path
    code = (
        "import sys; from pathlib import Path; from checkpoint.actions.entrusting import HoldersOrder, entrust; "
        "from checkpoint.store.holders import Holder; "
        "entrust(Path(sys.argv[1]), HoldersOrder(holders=(Holder(pass_number=sys.argv[2], full_name=sys.argv[3]),)))"
    )
    command = subprocess.Popen([sys.executable, "-c", code, str(folder), NUMBER, NAME])
    try:
        until = time.monotonic() + 20
        while not list(folder.glob("entrusted-*.order")) and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        command.kill()
        command.wait()
    (left,) = folder.glob("entrusted-*.order")
    assert left.stat().st_mode & 0o777 == 0o600
    assert in_clear(folder) == []
    forget_orders(folder)
    assert left_over(edge) == []


def test_an_order_under_another_name_or_changed_on_the_way_is_not_carried_out(edge):
    folder = edge.settings.data_path
    first, other = folder / "entrusted-02.order", folder / "entrusted-03.order"
    write_sealed(first, msgspec.json.encode(HOLDERS))
    first.rename(other)
    write_sealed(first, msgspec.json.encode(HOLDERS))
    content = bytearray(first.read_bytes())
    content[-1] ^= 1
    first.write_bytes(content)
    carry_out_orders(edge.gate)
    assert edge.rows("SELECT count(*) FROM holder") == [(0,)]
    assert all("cannot be read" in answer_to(edge, path).fault for path in (first, other))
