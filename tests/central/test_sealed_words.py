"""What people at the centre write in own words is sealed with the person and erased with the person."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from central.actions.desk import PersonErasedError, reveal_person, review_case
from central.actions.erasing import erase_people
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.actions.sealed_words import lock_of
from central.settings import load_settings
from central.store.engine import reading
from central.store.tables import access_log, case_review, centre_journal
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import CaseClass, Disposition, LookReason
from tests.central.conftest import SteppingClock, enrolled
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.sync.exchange.journals import MORNING, EdgeJournal, rechecked, screened

PERSON = TravellerIdentity(full_name="TRẦN VĂN THỬ", document_number="X1", remarks="ho nhiều")
WORDS = "gọi cho ông Trần Văn Thử rồi"


@pytest.fixture
def centre(database_url: str, tmp_path: Path):
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    opened = open_centre(settings, clock=SteppingClock(MORNING))
    journal = EdgeJournal("mong-cai-1")
    journal.province_key = opened.keys.sealing.public_key()
    enrolled(journal, gate="mong-cai", store=opened.store, clock=opened.clock)
    journal.write(screened("c1", disposition=Disposition.PENDING), who=PERSON)
    journal.write(rechecked("c1", disposition=Disposition.REFERRED))
    push(Reception(opened.store, signing_key=opened.keys.signing, clock=opened.clock), journal)
    yield opened
    opened.store.close()


def everything_in(centre) -> str:
    """All that stands in the tables that only grow, and in what is drawn from them."""
    with reading(centre.store.engine) as connection:
        rows = [row for table in (centre_journal, case_review, access_log) for row in connection.execute(select(table))]
    values = (value for row in rows for value in row)
    return " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values)


def test_a_reviewers_words_are_read_with_the_person_and_stand_nowhere_open(centre):
    review_case(centre, "c1", case_class=CaseClass.PROBABLE, note=WORDS, reviewer="cdc")
    review_case(centre, "c1", case_class=CaseClass.SUSPECTED, note="", reviewer="cdc")

    assert WORDS not in everything_in(centre)
    assert [review.note for review in centre.store.desk.case_file("c1").reviews] == ["sealed", ""]
    person = reveal_person(centre, "c1", reason=LookReason.CARE, username="cdc")
    assert (person.full_name, person.remarks) == (PERSON.full_name, f"ho nhiều\n{WORDS}")
    assert centre.store.verify().centre_records == 3


def test_why_somebody_looks_is_a_code_and_more_is_sealed_with_the_person(centre):
    reveal_person(centre, "c1", reason=LookReason.OTHER, words=WORDS, username="cdc")

    assert WORDS not in everything_in(centre)
    with reading(centre.store.engine) as connection:
        (entry,) = connection.execute(select(access_log)).mappings()
    assert (entry["action"], entry["reason"]) == ("reveal_identity", "other")
    assert lock_of(centre, "c1").open_entry(entry["sealed_words"]) == WORDS


def test_an_erasure_takes_the_words_with_the_person_and_later_ones_are_not_kept(centre):
    review_case(centre, "c1", case_class=CaseClass.PROBABLE, note=WORDS, reviewer="cdc")
    lock = lock_of(centre, "c1")
    assert lock is not None
    erase_people(centre, ["c1"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")

    assert lock_of(centre, "c1") is None, "the key is destroyed: what it sealed opens for nobody"
    review_case(centre, "c1", case_class=CaseClass.DISCARDED, note=WORDS, reviewer="cdc")
    with pytest.raises(PersonErasedError):
        reveal_person(centre, "c1", reason=LookReason.OTHER, words=WORDS, username="cdc")
    assert WORDS not in everything_in(centre)
    assert [review.note for review in centre.store.desk.case_file("c1").reviews] == ["sealed", ""]
    assert msgspec.json.encode(WORDS).decode() not in everything_in(centre)
