"""An erased person is nowhere: not in a table, not in a free page, not between cells, not in the log, not in a copy."""

import random
from concurrent.futures import Future
from datetime import date

import msgspec
import pytest

from checkpoint.actions import erasing
from checkpoint.actions.correcting import correct_details
from checkpoint.actions.deciding import change_details, close_crossing
from checkpoint.actions.isolation_board import isolation_view
from checkpoint.actions.listing import crossing_list
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.understanding import GivenDocument
from checkpoint.store.connection import database_key
from checkpoint.store.holders import Holder, import_holders
from checkpoint.store.scrubbing import scrub_due
from checkpoint.store.writer import Scrubbed
from sync.agreement.records import ErasureCarriedOut
from sync.agreement.vocabulary import DocumentKind, PassRegime, Sex
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import LANE, PASS
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.checkpoint.store.pages import where_found

NAME, NUMBER = "Chìu A Múi", "C7654321"
ZONE = "P<VNMCHIU<<A<MUI<<<<<<<<<<<<<<<<<<<<<<<<<<<<\nC7654321<3VNM9001014F3001019<<<<<<<<<<<<<<04"
ADDRESS, PHONE, PLATE = "số 7 ngõ Bến Đò, Trà Cổ", "0912345678", "14C-55512"
BODIES = random.Random(22)
"""No terminal shows the same value for everybody: such a one would be taken for suspicious."""
WORDS = [NAME, NUMBER, "CHIU<<A<MUI", "CHIU A MUI", ADDRESS, PHONE, PLATE]


@pytest.fixture
def centre() -> HandCentre:
    return HandCentre()


def passport(number: str = NUMBER, name: str = NAME) -> GivenDocument:
    return GivenDocument(
        kind=DocumentKind.PASSPORT,
        document_number=number,
        full_name=name,
        date_of_birth=date(1990, 1, 1),
        sex=Sex.FEMALE,
        nationality="VNM",
        issuing_state="VNM",
    )


def arrive(edge, *, number: str = NUMBER, name: str = NAME, temperature_c: float = NORMAL_C) -> str:
    details = {"address": ADDRESS, "telephone": PHONE, "vehicle_plate": PLATE} if name == NAME else {}
    command = PresentCommand(document=passport(number, name), has_declaration=True, **details)
    edge.gate.perform(lambda turn: present_person(turn, LANE, command), officer_ref="canbo").result(10)
    crossing_id = edge.draft_id
    edge.scan_face(round(temperature_c + BODIES.gauss(0.0, 0.15), 2))
    return crossing_id


def pass_through(edge, **person) -> str:
    crossing_id = arrive(edge, **person)
    edge.do(close_crossing, draft_id=crossing_id)
    return crossing_id


def crowd(edge, count: int, *, seed: int = 1) -> None:
    """Other people before and after, some of them referred: rows move from page to page."""
    chance = random.Random(seed)
    for _ in range(count):
        number = f"B{chance.randrange(10**6, 10**7)}"
        name = " ".join(chance.choice(["Lý", "Đặng", "Hoàng", "Phượng", "Tằng", "Sín"]) for _ in range(3))
        if chance.random() < 0.3:
            crossing_id = arrive(edge, number=number, name=name, temperature_c=RAISED_C)
            edge.do(recheck_person, crossing_id=crossing_id, temperature_c=36.6, site="axillary")
        else:
            pass_through(edge, number=number, name=name)


def key_of(edge) -> bytes:
    return bytes.fromhex(database_key(edge.settings.data_path))


def found(edge, words: list[str] = WORDS) -> list[str]:
    return where_found(edge.settings.data_path, key=key_of(edge), words=words)


def settled(edge) -> None:
    """Wait until the writer has done what was asked of it beside the commits."""
    for _ in range(3):
        edge.gate.perform(lambda turn: turn.at).result(10)


def test_a_scan_of_every_page_finds_nothing_of_an_erased_person(edge, centre):
    crowd(edge, 40)
    crossing_id = pass_through(edge)
    crowd(edge, 40, seed=2)
    assert found(edge), "the scan would find the person"
    [(wrapped,)] = edge.rows(f"SELECT bytes FROM episode_key WHERE crossing_id = '{crossing_id}'")
    before, head = edge.journal(), edge.check_chain()

    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert found(edge) == []
    assert found(edge, [wrapped[40:120].decode()]) == []
    assert edge.journal()[: len(before)] == before
    assert edge.check_chain().sequence == head.sequence + 1
    carried_out = edge.bodies()[-1]
    assert carried_out == ErasureCarriedOut(erasure_id="erasure-1", episode_ids=(crossing_id,), keys_destroyed=1)
    assert edge.rows("SELECT count(*) FROM erased_episode WHERE scrubbed_at IS NULL") == [(0,)]
    edge.restart()
    assert found(edge) == []
    edge.close()
    assert found(edge) == []
    edge.gate = type(edge)(edge.settings.data_path.parent).gate


def test_a_database_too_large_to_rebuild_at_once_is_rebuilt_at_the_next_start(edge, centre, monkeypatch):
    """SQLite's secure deletion does not reach what a split of a page left between cells, so a rebuild is due."""
    monkeypatch.setattr(erasing, "REBUILT_AT_ONCE_BYTES", 0)
    crowd(edge, 60)
    people = {pass_through(edge, number=f"D{n:07d}", name=f"Vi Thị {n:07d}"): f"D{n:07d}" for n in range(60)}
    crowd(edge, 60, seed=2)
    centre.erase(*people, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert edge.gate.mirror.scrub_due == scrub_due_at(edge) == 60
    before = edge.journal()
    edge.restart()
    assert edge.gate.mirror.scrub_due == scrub_due_at(edge) == 0
    assert edge.journal() == before
    assert found(edge, list(people.values())) == []
    pass_through(edge)
    edge.check_chain()


def scrub_due_at(edge) -> int:
    with edge.gate.store.readers.connect() as connection:
        return scrub_due(connection)


def test_the_erasure_is_one_commit(edge, centre, monkeypatch):
    crossing_id = pass_through(edge)
    tables = ("journal", "crossing", "episode_key", "erased_episode", "centre_mirror", "access_log")
    before = {table: edge.rows(f"SELECT * FROM {table}") for table in tables}

    def breaking(*_args, **_more):
        raise RuntimeError

    centre.erase(crossing_id, at=edge.clock.now)
    with monkeypatch.context() as broken:
        broken.setattr(erasing, "purge_person", breaking)
        with pytest.raises(RuntimeError):
            centre.tell(edge.gate, at=edge.clock.now)
    assert {table: edge.rows(f"SELECT * FROM {table}") for table in tables} == before
    assert found(edge)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert found(edge) == []


def test_the_register_of_passes_forgets_the_holder_only_with_the_last_crossing(edge, centre):
    holder = Holder(pass_number="QN100123", full_name="Lò Thị Sen", commune="Hải Sơn", regime=PassRegime.CHINA)
    other = Holder(pass_number="QN100124", full_name="Phùn Tài Lìn", commune="Bắc Sơn", regime=PassRegime.CHINA)
    edge.gate.store.writer.submit(lambda turn: import_holders(turn, [holder, other])).result(10)
    crossings = []
    for _ in range(2):
        edge.present(PASS)
        edge.scan_face(NORMAL_C)
        crossings.append(edge.draft_id)
        edge.do(close_crossing, draft_id=edge.draft_id)
    crossing_list(edge.gate, limit=5, before=None, query="QN 100123", officer_ref="canbo")
    searched = "SELECT subject FROM access_log WHERE action = 'crossings_searched'"
    assert edge.rows(searched) != [("erased",)]

    centre.erase(crossings[0], at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    assert edge.rows("SELECT count(*) FROM holder") == [(2,)]
    centre.erase(crossings[1], at=edge.clock.now, erasure_id="erasure-2")
    centre.tell(edge.gate, at=edge.clock.now)
    assert edge.rows("SELECT full_name FROM holder") == [("Phùn Tài Lìn",)]
    assert edge.rows(searched) == [("erased",)]
    settled(edge)
    assert found(edge, ["Lò Thị Sen", "Hải Sơn", "QN100123", "QN 100123"]) == []


def test_an_erased_person_stays_in_the_isolation_room_without_a_name(edge, centre):
    crossing_id = arrive(edge, temperature_c=RAISED_C)
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.9, site="axillary")
    centre.review(crossing_id, note=f"chuyển {NAME}", at=edge.clock.now)
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    [person] = [place.person for place in isolation_view(edge.gate).places if place.person]
    assert (person.full_name, person.is_erased, person.case_note) == ("", True, "")
    [line] = crossing_list(edge.gate, limit=5, before=None, query="", officer_ref="canbo")
    assert (line.full_name, line.document_number_masked, line.is_erased) == ("", "••••", True)
    settled(edge)
    assert found(edge) == []


def test_a_person_erased_in_the_lane_leaves_the_screen_and_the_alarm_stays_open(edge, centre):
    crossing_id = arrive(edge, temperature_c=RAISED_C)
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    assert edge.sheet.state.presentation is None
    assert [person.crossing_id for person in isolation_view(edge.gate).waiting] == [crossing_id]
    settled(edge)
    assert found(edge) == []


def test_late_records_about_an_erased_person_do_not_bring_the_key_back(edge, centre):
    crossing_id = arrive(edge, temperature_c=RAISED_C)
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.9, site="axillary")
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    edge.about(correct_details, crossing_id, reason="nhầm loại", category="official")
    edge.hand_over(crossing_id)
    assert edge.rows("SELECT count(*) FROM episode_key") == [(0,)]
    late = edge.envelopes()[-2:]
    assert [one.sealed for one in late] == [None, None]
    settled(edge)
    assert found(edge) == []


def test_an_erasure_told_again_is_carried_out_and_proven_again_and_one_of_strangers_is_only_remembered(edge, centre):
    crossing_id = pass_through(edge)
    centre.erase(crossing_id, "018f0000-0000-7000-8000-000000000000", at=edge.clock.now)
    centre.erase("018f0000-0000-7000-8000-000000000001", at=edge.clock.now, erasure_id="erasure-2")
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    proofs = [body for body in edge.bodies() if isinstance(body, ErasureCarriedOut)]
    assert [(one.erasure_id, one.episode_ids, one.keys_destroyed) for one in proofs] == [
        ("erasure-1", (crossing_id,), 1),
        ("erasure-1", (crossing_id,), 0),
    ]
    assert edge.rows("SELECT count(*) FROM erased_episode") == [(3,)]


def test_a_reader_in_the_way_delays_the_cleaning_of_the_log_until_the_next_word_of_the_centre(edge, centre):
    crossing_id = pass_through(edge)
    centre.erase(crossing_id, at=edge.clock.now)
    with edge.gate.store.readers.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM crossing").fetchall()
        centre.tell(edge.gate, at=edge.clock.now)
        settled(edge)
        assert edge.gate.mirror.scrub_due > 0
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert edge.gate.mirror.scrub_due == 0
    assert found(edge) == []


def test_a_scrub_counts_only_for_those_who_were_erased_before_it_was_asked_for(edge, centre, monkeypatch):
    """The order that arrives while the file is rebuilt stays due, over a restart too."""
    first, second = pass_through(edge), pass_through(edge, number="B1234567", name="Tằng Sín Pẩu")
    writer, asked = edge.gate.store.writer, []
    monkeypatch.setattr(writer, "scrub", lambda **_: asked.append(Future()) or asked[-1])
    for crossing_id in (first, second):
        centre.erase(crossing_id, at=edge.clock.now)
        centre.tell(edge.gate, at=edge.clock.now)
    asked[0].set_result(Scrubbed(is_rebuilt=True, is_log_empty=True))
    settled(edge)
    assert edge.rows("SELECT episode_id FROM erased_episode WHERE scrubbed_at IS NULL") == [(second,)]
    assert edge.gate.mirror.scrub_due == 1
    asked[1].set_result(Scrubbed(is_rebuilt=True, is_log_empty=True))
    settled(edge)
    assert edge.gate.mirror.scrub_due == scrub_due_at(edge) == 0


def test_what_a_reviewer_writes_after_the_erasure_is_not_kept(edge, centre):
    crossing_id = pass_through(edge)
    centre.erase(crossing_id, at=edge.clock.now)
    centre.review(crossing_id, note=f"gọi {NAME}", at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert edge.rows("SELECT count(*) FROM case_decision") == [(0,)]
    assert found(edge) == []


def test_amended_contact_details_are_erased_with_the_person(edge, centre):
    crossing_id = arrive(edge, temperature_c=RAISED_C)
    edge.do(change_details, address="thôn Pò Hèn mới", telephone="0987000111")
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=36.5, site="axillary")
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert found(edge, [*WORDS, "Pò Hèn", "0987000111"]) == []
    assert msgspec.json.encode(edge.bodies()).find(b"Hen") < 0
