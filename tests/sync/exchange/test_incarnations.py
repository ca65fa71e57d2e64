"""Restored, cloned and forgotten: nothing that was written is lost, and nothing is counted twice."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.vocabulary import IncarnationReason
from sync.exchange import messages
from sync.exchange.chain import ChainHead
from sync.exchange.ends import Finding, OutgoingChain
from sync.exchange.messages import Receipt
from sync.exchange.phases import Phase
from tests.demands import demand
from tests.sync.exchange.many_chains import CENTRE_KEY, NOW, ChainsJournal, WholeCentre, uplink_of


def written(journal, number):
    return [journal.write() for _ in range(number)]


def run(uplink, times=60):
    for _ in range(times):
        uplink.step()


def test_an_edge_restored_from_a_backup_begins_a_new_chain_and_delivers_what_it_wrote_meanwhile():
    centre, journal = WholeCentre(), ChainsJournal()
    ids = written(journal, 5)
    run(uplink_of(journal, centre))
    backup = journal.restored("restored")
    ids += written(journal, 4)
    run(uplink_of(journal, centre))
    ids += written(backup, 3)
    run(uplink_of(backup, centre, seed=2))
    assert sorted(centre.held()) == sorted(ids)
    assert sorted(centre.ledger) == [1, 2]
    assert backup.abandoned == {1: 5}
    assert centre.alarms == ["fork"]


def test_an_edge_that_found_its_own_restore_asks_although_nothing_contradicts_yet():
    centre, journal = WholeCentre(), ChainsJournal()
    ids = written(journal, 5)
    run(uplink_of(journal, centre))
    journal.found = Finding(reason=IncarnationReason.RESTORED_DATABASE, high_water=9)
    ids += written(journal, 2)
    run(uplink_of(journal, centre, seed=2))
    assert (journal.current, journal.abandoned) == (2, {})
    assert sorted(centre.held()) == sorted(ids)
    assert [len(centre.ledger[each]) for each in (1, 2)] == [7, 1]


def test_two_clones_both_deliver_everything_and_neither_asks_for_ever():
    centre, first = WholeCentre(), ChainsJournal()
    ids = written(first, 6)
    run(uplink_of(first, centre))
    second = first.restored("second")
    uplinks = [uplink_of(first, centre), uplink_of(second, centre, seed=2)]
    for _ in range(8):
        ids += [first.write(), second.write()]
        for uplink in uplinks:
            run(uplink, 12)
    assert sorted(centre.held()) == sorted(ids)
    assert centre.newest <= 5
    assert all(uplink.state.phase is Phase.IDLE for uplink in uplinks)


@demand("R002")
def test_a_centre_restored_without_anybody_saying_so_is_shown_its_receipt_and_fed_again():
    centre, journal = WholeCentre(), ChainsJournal()
    ids = written(journal, 5)
    run(uplink_of(journal, centre))
    backup = centre.backup()
    ids += written(journal, 5)
    run(uplink_of(journal, centre))
    centre.restore(backup, is_known=False)
    ids += written(journal, 1)
    run(uplink_of(journal, centre))
    assert [evidence.receipt.sequence for evidence in centre.testimonies] == [10]
    assert centre.epoch_name == "epoch-2"
    assert sorted(centre.held()) == sorted(ids)
    assert journal.notices == ["receipt_denied"]


def test_a_centre_restored_to_before_an_incarnation_is_shown_the_grant_and_gets_every_chain_again():
    centre, journal = WholeCentre(), ChainsJournal()
    ids = written(journal, 5)
    run(uplink_of(journal, centre))
    backup = centre.backup()
    journal.found = Finding(reason=IncarnationReason.COPIED)
    run(uplink_of(journal, centre))
    ids += written(journal, 4)
    run(uplink_of(journal, centre))
    assert journal.current == 2
    centre.restore(backup, is_known=True)
    run(uplink_of(journal, centre, seed=3))
    assert [evidence.grant.incarnation for evidence in centre.testimonies] == [2]
    assert sorted(centre.held()) == sorted(ids)
    assert centre.newest == 2


def test_a_grant_whose_adoption_failed_is_adopted_by_the_next_step_without_another_number():
    centre, journal = WholeCentre(), ChainsJournal()
    written(journal, 2)
    journal.found = Finding(reason=IncarnationReason.COPIED)
    uplink, adopt, failures = uplink_of(journal, centre), journal.adopt, [OSError("disk full"), OSError("disk full")]

    def failing(*arguments, **keywords):
        if failures:
            raise failures.pop()
        adopt(*arguments, **keywords)

    journal.adopt = failing
    for _ in range(20):
        try:
            uplink.step()
        except OSError:
            continue
    assert (journal.current, centre.newest) == (2, 2)
    assert len(centre.held()) == 2


def test_a_push_that_was_interrupted_in_this_program_is_in_doubt_and_the_head_is_asked():
    centre, journal = WholeCentre(), ChainsJournal()
    ids = written(journal, 3)
    uplink, note, failures = uplink_of(journal, centre), journal.note_receipt, [OSError("disk full")]

    def failing(receipt):
        if failures:
            raise failures.pop()
        note(receipt)

    journal.note_receipt = failing
    for _ in range(12):
        try:
            uplink.step()
        except OSError:
            continue
    assert (centre.held(), uplink.state.phase) == (ids, Phase.IDLE)
    assert journal.receipts[1].sequence == 3


def test_a_contradicting_ledger_head_is_noticed_shown_and_stops_nothing():
    centre, journal = WholeCentre(), ChainsJournal()
    ids = written(journal, 3)
    honest = centre.ask_head

    def with_head(question, *, key):
        answer = honest(question, key=key)
        position = 9 if question.witness_position == 0 else 4
        head = messages.SignedHead(
            epoch=answer.epoch,
            position=position,
            hash="ab" * 32,
            centre_sequence=1,
            centre_hash="cd" * 32,
            issued_at=NOW,
        ).signed(key=CENTRE_KEY)
        return msgspec.structs.replace(answer, ledger_head=head).signed(key=CENTRE_KEY)

    centre.ask_head = with_head
    run(uplink_of(journal, centre), 30)
    ids += written(journal, 2)
    run(uplink_of(journal, centre), 30)
    assert centre.held() == ids
    assert "ledger_contradicted" in journal.notices
    assert {evidence.ledger_head.position for evidence in centre.testimonies} == {9}
    assert journal.ledger_head.position == 9


FAULTS = st.lists(st.sampled_from(["none", "lost", "answer lost"]), max_size=6)
DEEDS = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 6)),
    st.tuples(st.just("step"), st.integers(1, 9)),
    st.tuples(st.just("faults"), FAULTS),
    st.tuples(st.just("centre_restored"), st.booleans()),
    st.tuples(st.sampled_from(["edge_backup", "edge_restored", "clone", "centre_backup", "restart"]), st.none()),
)


class Story:
    """One edge, its clones and a centre; each deed is something that happens to them."""

    def __init__(self):
        self.centre, self.journals, self.edge_kept, self.centre_kept, self.names = WholeCentre(), [], None, None, 0
        self.uplinks = []
        self._add(ChainsJournal())

    def _add(self, journal, *, place=None):
        self.names += 1
        journal.name = f"edge-{self.names}"
        place = len(self.journals) if place is None else place
        self.journals[place : place + 1] = [journal]
        self.uplinks[place : place + 1] = [uplink_of(journal, self.centre, seed=self.names)]

    def write(self, number):
        for journal in self.journals:
            written(journal, number)

    def step(self, times):
        for uplink in self.uplinks:
            run(uplink, times)

    def faults(self, faults):
        self.centre.faults = list(faults)

    def edge_backup(self, _):
        self.edge_kept = self.journals[0].restored("kept")

    def edge_restored(self, _):
        if self.edge_kept is not None:
            self._add(self.edge_kept.restored("restored"), place=0)

    def clone(self, _):
        if len(self.journals) < 3:
            self._add(self.journals[0].restored("clone"))

    def centre_backup(self, _):
        self.centre_kept = self.centre.backup()

    def centre_restored(self, is_known):
        if self.centre_kept is not None:
            self.centre.restore(self.centre_kept, is_known=is_known)

    def restart(self, _):
        self.uplinks = [uplink_of(journal, self.centre, seed=90) for journal in self.journals]


@settings(max_examples=60, deadline=None)
@given(st.lists(DEEDS, max_size=25))
def test_whatever_is_restored_or_cloned_every_record_that_somebody_still_has_is_counted_once(deeds):
    story = Story()
    for deed, how in deeds:
        getattr(story, deed)(how)
    story.faults([])
    for _ in range(8):
        story.step(25)
    counted = set(story.centre.held())
    for journal, uplink in zip(story.journals, story.uplinks, strict=True):
        assert uplink.state.phase is Phase.IDLE, uplink.state
        assert everything_of(journal) <= counted


def everything_of(journal):
    alone = WholeCentre()
    alone.ledger = {number: [entry.record for entry in chain] for number, chain in journal.entries.items()}
    return set(alone.held())


def test_the_same_seed_sends_the_same_bytes():
    def story():
        centre, journal, sent = WholeCentre(), ChainsJournal(), []
        centre.faults = ["none", "answer lost", "none", "lost"]
        honest = centre.push
        centre.push = lambda headers, *, body, key: (
            sent.append(headers.as_http(body, key=key)) or honest(headers, body=body, key=key)
        )
        written(journal, 5)
        uplink = uplink_of(journal, centre, seed=7)
        pauses = [uplink.step() for _ in range(20)]
        return sent, pauses, uplink.state

    assert story() == story()


def test_a_chain_that_an_earlier_life_of_the_centre_receipted_whole_is_not_drained_in_the_next():
    head = ChainHead(sequence=3, hash=bytes(range(32)))
    receipt = Receipt(
        epoch="1-then",
        edge_id="mong-cai-1",
        incarnation=1,
        sequence=3,
        hash=head.hash.hex(),
        ledger_position=3,
        received_at=NOW,
        nonce="n",
    )
    chain = OutgoingChain(incarnation=1, head=head, receipt=receipt, is_current=False)
    assert chain.is_drained(epoch="1-then")
    assert not chain.is_drained(epoch="2-now")
