"""What a newcomer reads when the first commands cannot do their work: whose fault it is, and what to do."""

import sys
import threading
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from checkpoint.__main__ import app
from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.centre_link import CentreLink
from sync.exchange.chain import ChainHead
from tests.checkpoint.edges import write_settings

CODE = "0001-0203-0405-0607-0809-0a0b-0c0d-0e0f"
CENTRE = "http://127.0.0.1:9"
NO_TEXT = sys.executable
"""A file that is no text."""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["enrol", "--centre-url", "kiemdich.example", "--code", CODE], "is no address of a centre: write all of it"),
        (["enrol", "--centre-url", CENTRE], "an enrolment code has 32 hex digits"),
        (["enrol", "--centre-url", CENTRE, "--code", "mã số"], "an enrolment code has 32 hex digits"),
        (["enrol", "--centre-url", CENTRE, "--code", CODE], "was not reached at http://127.0.0.1:9 (no_link)"),
        (["sync-status"], "edge.db yet; start the edge once"),
        (["backup", "--to", "copies"], "edge.db yet; start the edge once"),
        (["courier-export", "--to", "stick.kdc"], "edge.db yet; start the edge once"),
        (["courier-receive", __file__], "edge.db yet; start the edge once"),
        (["courier-receive", "nowhere.json"], "nowhere.json: No such file or directory; check the path"),
        (["restore", "--from", "nowhere"], "nowhere cannot be read (No such file or directory); name the folder"),
        (["import-holders", "--csv", "nowhere.csv"], "nowhere.csv: No such file or directory; check the path"),
        (["import-holders", "--csv", NO_TEXT], "this is no text in UTF-8; save the table again as CSV UTF-8"),
        (["import-immigration", "--csv", NO_TEXT], "this is no text in UTF-8; save the table again as CSV UTF-8"),
        (["import-roster", "--file", NO_TEXT], "this is no text in UTF-8; save the table again as CSV UTF-8"),
        (["resume"], "no edge runs on this data folder"),
    ],
)
def test_a_first_command_that_cannot_be_done_says_why_in_one_line_and_makes_no_database(tmp_path, words, told):
    settings = write_settings(tmp_path, has_device=False)
    done = CliRunner().invoke(app, [*words, "--settings", str(settings)])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit), done.exception
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert CODE not in done.stderr
    assert not (tmp_path / "data" / "edge.db").exists()


def test_a_certificate_that_cannot_be_read_costs_the_link_until_it_is_mended_and_never_the_lanes(edge, tmp_path):
    broken: Path = tmp_path / "authority.pem"
    broken.write_text("not a certificate", encoding="ascii")
    known = {"centre_url": CENTRE, "centre_public_key": "ab" * 32}
    way = msgspec.structs.replace(edge.settings.edge, ca_file=str(broken), **known)
    edge.gate.settings = msgspec.structs.replace(edge.settings, edge=way)
    link = CentreLink(edge.gate)
    link.start()
    try:
        assert link.view().state == "not_configured"
        edge.gate.settings = msgspec.structs.replace(edge.settings, edge=msgspec.structs.replace(way, ca_file=""))
        link._look()  # what the watch does each second
        assert link.uplink is not None
    finally:
        link.stop(timeout_s=5)


def test_an_edge_that_stops_ends_the_packing_of_batches_after_its_uplink(edge):
    for number in ("QN 700001", "QN 700002", "QN 700003"):
        edge.present(number)
        edge.do(measure_person, temperature_c=36.5, device_kind="infrared_thermometer", site="forehead")
        edge.do(close_crossing, draft_id=edge.draft_id)
    known = {"centre_url": CENTRE, "centre_public_key": "ab" * 32}
    edge.gate.settings = msgspec.structs.replace(
        edge.settings, edge=msgspec.structs.replace(edge.settings.edge, **known)
    )
    others = packing_threads()
    link = CentreLink(edge.gate)
    link.start()
    batches = link._threads._batches
    assert batches.batch_after(ChainHead(), incarnation=1, limit=1).last == 1  # and begins to pack the next
    assert len(packing_threads() - others) == 1
    link.stop(timeout_s=10)
    assert packing_threads() == others


def packing_threads() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith("packing")}
