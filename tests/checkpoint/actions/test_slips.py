"""From the gate's printer to the next post: a slip is printed beside the lane, read off the paper, believed offline."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
import pytest

from checkpoint.actions.checking_slips import signers_of
from checkpoint.actions.correcting import withdraw_crossing
from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.declaring import take_scan
from checkpoint.actions.gate import Gate
from checkpoint.actions.issuing_slips import issue_slip, slip_pdf
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.slip_view import print_view, slip_view
from checkpoint.papers.clearance_slip import read_slip
from checkpoint.printing import PrintJob
from checkpoint.settings import PrinterSettings, PrintSlip, Settings
from checkpoint.workers import Workers
from sync.agreement.deployment import load_deployment
from sync.agreement.gate_records.papers import SlipChecked, SlipIssued
from sync.agreement.paper_words import PrinterKind, SlipFault
from sync.agreement.records import CrossingScreened
from sync.agreement.trust_records import EdgeConfirmed, EdgeEnrolled, EdgeRevoked
from sync.agreement.vocabulary import Outcome, RevocationReason
from sync.exchange.signatures import fingerprint
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS, Edge
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.checkpoint.printers import CablePrinter, NetworkPrinter, code_on
from tests.demands import demand

POST = "chot-km15"
WAIT_S = 20.0


@pytest.fixture
def cable() -> Iterator[CablePrinter]:
    one = CablePrinter()
    yield one
    one.close()


@pytest.fixture
def network() -> Iterator[NetworkPrinter]:
    one = NetworkPrinter()
    yield one
    one.stop()


@pytest.fixture
def post(tmp_path) -> Iterator[Edge]:
    """An inland control post of the same province, without any link."""
    folder = tmp_path / "post"
    folder.mkdir()
    one = Edge(folder)
    one.close()
    at_post = msgspec.structs.replace(one.settings.edge, edge_id="post-1", point_of_entry_id=post_id(one.settings))
    one.settings = msgspec.structs.replace(
        one.settings, edge=msgspec.structs.replace(at_post, data_dir=str(folder / "d"))
    )
    one.restart_closed()
    yield one
    one.close()


def post_id(settings: Settings) -> str:
    points = load_deployment(settings.edge.deployment).points_of_entry
    return next(point.id for point in points if point.kind == "control_post")


def with_printer(edge: Edge, **printer) -> Gate:
    """Start the edge anew with a printer."""
    edge.close()
    edge.settings = msgspec.structs.replace(edge.settings, printer=PrinterSettings(**printer))
    edge.restart_closed()
    return edge.gate


def clear(edge: Edge, number: str = PASS) -> str:
    edge.present(number)
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    return crossing_id


def printing(edge: Edge):
    return print_view(edge.gate, LANE, sheet=edge.sheet)


def wait_for(edge: Edge, state: str):
    until_s = time.monotonic() + WAIT_S
    while (printing(edge) is None or printing(edge).state != state) and time.monotonic() < until_s:
        time.sleep(0.02)
    return printing(edge)


def issued(edge: Edge, crossing_id: str):
    return edge.gate.perform(lambda turn: issue_slip(turn, LANE, crossing_id, printer=PrinterKind.PDF)).result(10)


def scan(edge: Edge, text: str):
    return edge.do(take_scan, text=text)


def bodies(edge: Edge, kind: type) -> list:
    return [body for body in edge.bodies() if isinstance(body, kind)]


def enrol(centre: HandCentre, gate: Edge, *, at: datetime) -> None:
    """The centre takes the gate's machine in, and a person compares its key."""
    identity = gate.gate.identity
    key = identity.signing_key.public_key().public_bytes_raw()
    centre.write(
        EdgeEnrolled(
            edge_id=identity.edge_id,
            point_of_entry_id="mong-cai",
            kind="edge",
            public_key=key.hex(),
            is_confirmed=False,
        ),
        at=at,
    )
    centre.write(EdgeConfirmed(edge_id=identity.edge_id, fingerprint=fingerprint(key)), at=at)


def test_a_gate_s_slip_is_printed_scanned_and_believed_at_the_next_post_until_its_machine_is_revoked(edge, post, cable):
    centre = HandCentre()
    enrol(centre, edge, at=edge.clock.now)
    centre.tell(post.gate, at=edge.clock.now)
    workers = Workers(with_printer(edge, url=cable.url, language=PrinterKind.ESC_POS, when=PrintSlip.ALWAYS))
    workers.start()
    try:
        crossing_id = clear(edge)
        [page] = cable.pages(1)
        assert wait_for(edge, "printed").crossing_id == crossing_id
    finally:
        workers.stop()
    code = code_on(page)

    post.restart()  # the keys are kept: no link, no centre
    post.clock.now = edge.clock.now + timedelta(hours=2)  # before anybody stands at the post
    post.present(PASS)
    sheet = scan(post, code)
    view = slip_view(post.gate, sheet.slip)
    assert (view.state, view.gate, view.is_proof_of_passage) == ("good", "mong-cai", True)
    [checked] = bodies(post, SlipChecked)
    assert (checked.given_for, checked.slip_crossing_id, checked.fault) == (post.draft_id, crossing_id, None)
    assert sheet.assessment.outcome is not Outcome.CLEARED

    centre.write(EdgeRevoked(edge_id="mong-cai-1", reason=RevocationReason.STOLEN), at=edge.clock.now)
    centre.tell(post.gate, at=edge.clock.now)
    post.restart()
    post.scan_face(NORMAL_C)
    post.do(close_crossing, draft_id=post.draft_id)
    post.present(PASS)
    assert slip_view(post.gate, scan(post, code).slip).fault == "slip_revoked_gate"


def test_a_slip_is_recorded_without_anybody_s_name_and_its_page_says_whom_it_is_for(edge):
    crossing_id = clear(edge)
    slip = issued(edge, crossing_id)

    [record] = bodies(edge, SlipIssued)
    assert record.given_for == crossing_id
    assert record.valid_until - record.cleared_at == timedelta(hours=12)
    assert (record.rule_id, record.printer) == ("slip-validity", PrinterKind.PDF)
    assert slip.values["rows"][0][1].startswith("••••")
    assert read_slip(slip.code, signers=signers_of(edge.gate), at=edge.clock.now).document_hash
    assert slip_pdf(slip).startswith(b"%PDF")


def test_nobody_who_was_not_cleared_gets_a_slip(edge):
    edge.present(PASS)
    edge.scan_face(RAISED_C)
    with pytest.raises(ActionRefusedError) as refused:
        issued(edge, edge.draft_id)
    assert refused.value.code == "slip_not_cleared"
    with pytest.raises(ActionRefusedError) as refused:
        issued(edge, "018f0000-0000-7000-8000-000000000009")
    assert refused.value.code == "no_such_crossing"


def test_a_slip_that_would_be_out_of_date_is_not_printed(edge):
    crossing_id = clear(edge)
    edge.clock.forward(seconds=13 * 3600)
    with pytest.raises(ActionRefusedError) as refused:
        issued(edge, crossing_id)
    assert refused.value.code == "slip_expired"
    assert bodies(edge, SlipIssued) == []


def test_a_printer_without_power_holds_nobody_up_says_so_and_prints_again_when_asked(edge, network):
    network.stop()
    workers = Workers(with_printer(edge, url=network.url, language=PrinterKind.ZPL, when=PrintSlip.ALWAYS))
    workers.start()
    try:
        first = clear(edge)
        shown = wait_for(edge, "failed")
        assert (shown.crossing_id, shown.fault, shown.address) == (first, "printer_failed", network.url)
        edge.present(OTHER_PASS)
        assert printing(edge).state == "failed"
        network.start()
        workers.print_slip(PrintJob(lane_id=LANE, crossing_id=first, officer_ref="canbo"))
        [page] = network.pages(1)
        assert code_on(page).startswith("KDS2:")
    finally:
        workers.stop()
    assert [record.given_for for record in bodies(edge, SlipIssued)] == [first, first]


def test_a_slip_on_request_is_offered_and_not_printed_by_itself(edge, network):
    gate = with_printer(edge, url=network.url, language=PrinterKind.ZPL, when=PrintSlip.ON_REQUEST)
    workers = Workers(gate)
    workers.start()
    try:
        crossing_id = clear(edge)
        assert (printing(edge).state, printing(edge).crossing_id) == ("offered", crossing_id)
        time.sleep(0.3)
        assert network.jobs == []
        workers.print_slip(PrintJob(lane_id=LANE, crossing_id=crossing_id))
        assert len(network.pages(1)) == 1
    finally:
        workers.stop()


def test_a_lane_without_a_printer_offers_a_page_to_download(edge):
    workers = Workers(edge.gate)
    crossing_id = clear(edge)
    with pytest.raises(ActionRefusedError) as refused:
        workers.print_slip(PrintJob(lane_id=LANE, crossing_id=crossing_id))
    assert refused.value.code == "no_printer"
    assert (printing(edge).state, printing(edge).printer) == ("offered", "pdf")


def test_who_was_cleared_before_a_restart_is_not_printed_again_by_itself(edge, network):
    clear(edge)
    workers = Workers(with_printer(edge, url=network.url, language=PrinterKind.ZPL, when=PrintSlip.ALWAYS))
    workers.start()
    try:
        edge.present(OTHER_PASS)
        time.sleep(0.3)
    finally:
        workers.stop()
    assert network.jobs == []


def test_a_slip_that_comes_first_waits_for_its_document(edge):
    slip = issued(edge, clear(edge))

    assert slip_view(edge.gate, scan(edge, slip.code).slip).state == "waiting"
    assert bodies(edge, SlipChecked) == []
    sheet = scan(edge, PASS)
    assert slip_view(edge.gate, sheet.slip).state == "good"
    assert not sheet.slip.is_proof_of_passage, "a border gate counts no slip"
    assert [record.fault for record in bodies(edge, SlipChecked)] == [None]


def test_a_slip_of_a_pass_says_whose_it_is_where_nobody_knows_who_of_the_pass_stands_there(edge):
    slip = issued(edge, clear(edge))
    assert slip_view(edge.gate, scan(edge, slip.code).slip).is_age_unknown is False, "nobody stands there yet"
    assert slip_view(edge.gate, scan(edge, PASS).slip).is_age_unknown, "a child shows the same number"


def test_a_slip_of_another_document_is_refused_and_recorded_once_however_often_it_is_scanned(edge):
    slip = issued(edge, clear(edge))
    edge.present(OTHER_PASS)
    for _ in range(2):
        view = slip_view(edge.gate, scan(edge, slip.code).slip)
        assert (view.state, view.fault, view.gate) == ("refused", "slip_other_document", "mong-cai")
    assert [record.fault for record in bodies(edge, SlipChecked)] == [SlipFault.OTHER_DOCUMENT]


@pytest.mark.parametrize(
    ("spoilt", "fault"),
    [(lambda code: code[:-9], "slip_damaged"), (lambda code: code.replace("KDS2", "KDS9"), "slip_not_a_code")],
)
def test_a_spoilt_slip_is_refused_at_an_empty_lane_too(edge, spoilt, fault):
    slip = issued(edge, clear(edge))

    assert slip_view(edge.gate, scan(edge, spoilt(slip.code)).slip).fault == fault
    assert [record.given_for for record in bodies(edge, SlipChecked)] == [""]


def test_an_expired_slip_is_refused(edge):
    slip = issued(edge, clear(edge))
    edge.clock.forward(seconds=12 * 3600 + 60)
    edge.present(PASS)
    assert slip_view(edge.gate, scan(edge, slip.code).slip).fault == "slip_expired"


def test_a_slip_of_somebody_who_left_the_country_proves_no_passage_into_it(edge, post):
    centre = HandCentre()
    enrol(centre, edge, at=edge.clock.now)
    centre.tell(post.gate, at=edge.clock.now)
    edge.present(PASS, direction="exit")
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    code = issued(edge, crossing_id).code
    post.clock.now = edge.clock.now + timedelta(hours=2)
    post.present(PASS)
    view = slip_view(post.gate, scan(post, code).slip)
    assert (view.state, view.direction, view.is_proof_of_passage) == ("good", "exit", False)
    assert [record.is_proof_of_passage for record in bodies(post, SlipChecked)] == [False]


@demand("R082")
def test_a_slip_that_a_post_printed_itself_proves_no_passage_of_the_border(post):
    code = issued(post, clear(post)).code
    post.clock.forward(hours=1)
    post.present(PASS)
    shown = scan(post, code).slip
    assert (shown.fault, shown.is_proof_of_passage) == (None, False)


def test_a_slip_whose_crossing_was_withdrawn_is_worth_nothing_where_that_is_known(edge):
    crossing_id = clear(edge)
    code = issued(edge, crossing_id).code
    edge.about(withdraw_crossing, crossing_id, reason="nhầm người")
    edge.present(PASS)
    assert scan(edge, code).slip.fault is SlipFault.TAKEN_BACK


def test_nobody_without_a_document_number_gets_a_slip_that_another_could_show(edge):
    document = {"kind": "identity_card", "document_number": " - ", "full_name": "Lò Văn Inh"}
    edge.present(None, document=document)
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    with pytest.raises(ActionRefusedError, match="slip_without_document"):
        issued(edge, crossing_id)


@demand("R011")
def test_a_slip_replaces_no_measurement(edge):
    slip = issued(edge, clear(edge))
    edge.present(PASS)
    sheet = scan(edge, slip.code)
    assert sheet.assessment.outcome is Outcome.WAIT
    assert edge.scan_face(RAISED_C).assessment.outcome is Outcome.RECHECK
    assert len(bodies(edge, CrossingScreened)) == 2


def test_a_machine_that_another_centre_vouched_for_counts_no_more(edge, post):
    centre = HandCentre()
    enrol(centre, edge, at=edge.clock.now)
    centre.tell(post.gate, at=edge.clock.now)
    slip = issued(edge, clear(edge))
    assert len(signers_of(post.gate)) == 2
    post.gate.store.writer.submit(
        lambda transaction: transaction.execute("UPDATE centre_mirror SET centre_incarnation = centre_incarnation - 9")
    ).result(10)
    post.restart()
    post.present(PASS)
    assert slip_view(post.gate, scan(post, slip.code).slip).fault == "slip_unknown_gate"
