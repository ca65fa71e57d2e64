"""What the centre decides reaches the gate: at once, after a restart without a link, and never backwards."""

from datetime import timedelta

import msgspec
import pytest

from checkpoint.actions import mirroring
from checkpoint.actions.isolation_board import isolation_view
from checkpoint.actions.listing import crossing_list
from checkpoint.actions.mirroring import Mirror, PolicyFreshness, policy_age
from checkpoint.actions.rechecking import recheck_person
from checkpoint.store.identity import CentreFile, write_centre
from sync.agreement.policy import PolicyInForce
from sync.agreement.records import ErasureCarriedOut
from sync.agreement.vocabulary import CaseClass, Outcome, ReasonCode
from sync.exchange.down_rules import DownlinkError
from sync.exchange.signatures import public_text
from tests.checkpoint.centres import HandCentre, order_text
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand


@pytest.fixture
def centre() -> HandCentre:
    return HandCentre()


def faults(edge) -> list[tuple]:
    return edge.rows("SELECT sequence, fault FROM centre_mirror ORDER BY centre_incarnation, sequence")


def versions(edge) -> dict[str, int]:
    return {one.policy_id: one.version for one in edge.gate.policy.references}


def outcome_of(edge, number: str) -> Outcome:
    edge.present(number)
    edge.scan_face(NORMAL_C)
    return edge.sheet.assessment.outcome


def with_centre(edge) -> None:
    with_url = msgspec.structs.replace(edge.settings.edge, centre_url="http://centre.example")
    edge.gate.settings = msgspec.structs.replace(edge.settings, edge=with_url)


@demand("R012")
def test_an_order_of_the_centre_decides_the_next_person_without_a_restart(edge, centre):
    edge.present("QN 100123")
    assert edge.scan_face(NORMAL_C).assessment.outcome is Outcome.CLEARED
    centre.issue(order_text(), at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)

    reasons = {one.code for one in edge.scan_face(NORMAL_C).assessment.reasons}
    assert ReasonCode.TRAFFIC_STOPPED in reasons
    assert versions(edge)["order-x"] == 1


def test_the_order_is_in_force_after_a_restart_without_a_link(edge, centre):
    centre.issue(order_text(), at=edge.clock.now)
    centre.issue(order_text(version=2, state="open"), version=2, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    edge.restart()
    assert versions(edge)["order-x"] == 2
    assert outcome_of(edge, "QN 100123") is Outcome.CLEARED
    position = Mirror(edge.gate).position()
    assert (position.sequence, position.hash, position.epoch) == (2, centre.head.hash, "epoch-1")


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_that_is_not_newer_changes_nothing_and_is_kept_with_its_fault(edge, centre, version):
    centre.issue(order_text(version=2), version=2, at=edge.clock.now)
    centre.issue(order_text(version=version, state="open"), version=version, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    for _ in range(2):
        assert versions(edge)["order-x"] == 2
        assert faults(edge) == [(1, None), (2, "outdated")]
        assert policy_age(edge.gate, at=edge.clock.now).refused == 0
        edge.restart()
    assert outcome_of(edge, "QN 100123") is Outcome.REFUSED


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no toml at all = = =", "unreadable"),
        (order_text("order-y"), "misnamed"),
        (order_text(version=7), "misnamed"),
        (order_text().replace('kind = "orders"', 'kind = "law"'), "does_not_fit"),
        (order_text(more='redirect_to = "atlantis"'), "does_not_fit"),
        (order_text(more='replaces = ["no-such-rule"]'), "does_not_fit"),
        (order_text().replace("stopped", "ajar"), "unreadable"),
    ],
)
def test_a_document_that_does_not_parse_or_fit_is_kept_noticed_and_changes_nothing(edge, centre, text, fault):
    before = edge.gate.policy.references
    centre.issue(text, at=edge.clock.now)
    centre.issue(order_text("order-z"), policy_id="order-z", at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    assert faults(edge) == [(1, fault), (2, None)]
    assert [one.policy_id for one in edge.gate.policy.references] == [*(one.policy_id for one in before), "order-z"]
    [(kind, detail)] = edge.rows("SELECT kind, detail FROM sync_notice WHERE kind = 'policy_refused'")
    assert (kind, msgspec.json.decode(detail)) == (
        "policy_refused",
        {"policy_id": "order-x", "version": 1, "fault": fault},
    )
    for _ in range(2):
        assert policy_age(edge.gate, at=edge.clock.now).refused == 1
        edge.restart()

    centre.issue(order_text(version=8), version=8, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    assert policy_age(edge.gate, at=edge.clock.now).refused == 0
    assert versions(edge)["order-x"] == 8


def test_the_deployments_own_newer_file_overtakes_what_the_centre_issued(edge, centre, monkeypatch):
    centre.issue(order_text(version=2), version=2, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    issued = next(one for one in edge.gate.policy.documents if one.id == "order-x")
    own = msgspec.structs.replace(issued, version=3)
    edge.gate.policy = PolicyInForce(one if one.id != "order-x" else own for one in edge.gate.policy.documents)
    mirroring.mirror_again(edge.gate)
    assert versions(edge)["order-x"] == 3
    assert edge.gate.mirror.refused == frozenset()


def test_a_record_of_a_newer_program_is_kept_and_the_mirror_goes_on(edge, centre):
    newer = centre.issue(order_text(), at=edge.clock.now).record.replace(b'"policy_issued"', b'"tide_table"')
    again = HandCentre()
    again.write_bytes(newer)
    again.write_bytes(b"no record at all")
    again.write(ErasureCarriedOut(erasure_id="e", episode_ids=(), keys_destroyed=0), at=edge.clock.now)
    again.tell(edge.gate, at=edge.clock.now)
    assert faults(edge) == [(1, "not_understood"), (2, "not_understood"), (3, None)]
    kept = edge.rows("SELECT bytes FROM centre_mirror ORDER BY sequence")
    assert [row[0] for row in kept] == [newer, b"no record at all", None]


def test_records_and_cursor_are_one_commit(edge, centre, monkeypatch):
    centre.issue(order_text(), at=edge.clock.now)
    centre.issue(order_text("order-z"), policy_id="order-z", at=edge.clock.now)

    def breaking(*_args, **_more):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(mirroring, "write_head", breaking)
        with pytest.raises(RuntimeError):
            centre.tell(edge.gate, at=edge.clock.now)
    assert edge.rows("SELECT count(*) FROM centre_mirror") == [(0,)]
    assert "order-x" not in versions(edge)
    assert Mirror(edge.gate).position().sequence == 0
    centre.tell(edge.gate, at=edge.clock.now)
    assert edge.rows("SELECT count(*) FROM centre_mirror") == [(2,)]


def test_an_answer_that_another_one_overtook_changes_nothing_and_the_mirror_goes_on(edge, centre):
    """A courier's return and the downlink, or two downlinks at the change of an incarnation, come at once."""
    centre.issue(order_text(), at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    late, late_with_records = centre.answer(1, at=edge.clock.now), centre.answer(0, at=edge.clock.now)
    centre.issue(order_text(version=2, state="open"), version=2, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    for answer, records in ((late, ()), (late_with_records, centre.records[:1])):
        with pytest.raises(DownlinkError, match="overtaken"):
            Mirror(edge.gate).take(answer, records)
        assert Mirror(edge.gate).position().hash == centre.head.hash
    centre.issue(order_text(version=3), version=3, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    assert versions(edge)["order-x"] == 3


def test_a_restored_centre_begins_a_new_chain_and_what_it_forgot_stays_in_force(edge, centre):
    centre.issue(order_text(version=3), version=3, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    restored = HandCentre(incarnation=2, epoch="epoch-2")
    restored.issue(order_text(version=2, state="open"), version=2, at=edge.clock.now)
    restored.tell(edge.gate, at=edge.clock.now)
    edge.restart()
    assert versions(edge)["order-x"] == 3
    position = Mirror(edge.gate).position()
    assert (position.incarnation, position.sequence, position.epoch) == (2, 1, "epoch-2")


def test_the_age_of_the_policy_is_the_time_since_the_centre_last_answered(edge, centre):
    assert policy_age(edge.gate, at=edge.clock.now).freshness is PolicyFreshness.NOT_CONFIGURED
    with_centre(edge)
    assert policy_age(edge.gate, at=edge.clock.now).freshness is PolicyFreshness.NEVER
    centre.tell(edge.gate, at=edge.clock.now)
    answered_at = edge.clock.now
    ages = {
        timedelta(minutes=5): PolicyFreshness.FRESH,
        timedelta(hours=23, minutes=59): PolicyFreshness.FRESH,
        timedelta(hours=24): PolicyFreshness.AMBER,
        timedelta(hours=71): PolicyFreshness.AMBER,
        timedelta(hours=72): PolicyFreshness.RED,
        timedelta(days=400): PolicyFreshness.RED,
        timedelta(hours=-1): PolicyFreshness.FRESH,
        timedelta(days=-2): PolicyFreshness.AMBER,
        timedelta(days=-9000): PolicyFreshness.RED,
    }
    for age, freshness in ages.items():
        assert policy_age(edge.gate, at=answered_at + age).freshness is freshness
    assert policy_age(edge.gate, at=answered_at + timedelta(days=2)).age_s == 2 * 86400

    edge.clock.forward(days=3)
    edge.restart()
    with_centre(edge)
    assert policy_age(edge.gate, at=edge.clock.now).freshness is PolicyFreshness.RED
    centre.tell(edge.gate, at=edge.clock.now)
    assert policy_age(edge.gate, at=edge.clock.now).freshness is PolicyFreshness.FRESH
    assert edge.rows("SELECT count(*) FROM centre_mirror") == [(0,)]


def test_what_the_cdc_decided_is_shown_at_the_gate_where_the_person_was_referred(edge, centre):
    edge.present()
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.8, site="axillary")
    centre.review(crossing_id, case_class=CaseClass.SUSPECTED, note="chờ xét nghiệm", at=edge.clock.now)
    centre.review("018f0000-0000-7000-8000-000000000000", note="người của cửa khẩu khác", at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)

    [person] = [place.person for place in isolation_view(edge.gate).places if place.person]
    assert (person.case_class, person.case_note) == ("suspected", "chờ xét nghiệm")
    assert person.case_decided_at == edge.clock.now
    centre.review(crossing_id, case_class=CaseClass.CONFIRMED, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    [line] = crossing_list(edge.gate, limit=5, before=None, query="", officer_ref="canbo")
    assert (line.case_class, line.case_decided_at) == ("confirmed", edge.clock.now)
    assert edge.rows("SELECT count(*) FROM case_decision") == [(1,)]
    assert edge.rows("SELECT bytes FROM centre_mirror") == [(None,)] * 3


def known(edge, centre: HandCentre) -> None:
    """Let the edge know a centre by its key, as an enrolment does."""
    told = CentreFile(
        centre_url="http://127.0.0.1:9", centre_public_key=public_text(centre.key), province_sealing_key=""
    )
    write_centre(edge.gate.store.files, told)


def test_a_centre_built_anew_under_another_key_is_heard_from_its_first_record_and_the_old_mirror_stays(edge):
    old, new = HandCentre(), HandCentre(epoch="epoch-anew")
    known(edge, old)
    for version in (1, 2, 3):
        old.issue(order_text(version=version), version=version, at=edge.clock())
    old.tell(edge.gate, at=edge.clock.forward(seconds=1))
    assert Mirror(edge.gate).position().sequence == 3
    answered_at = edge.gate.mirror.head.answered_at

    known(edge, new)
    position = Mirror(edge.gate).position()
    assert (position.incarnation, position.sequence, position.epoch) == (0, 0, "")
    assert edge.gate.mirror.head.answered_at == answered_at, "the policy in force is as old as before"
    new.issue(order_text(version=2, state="open"), version=2, at=edge.clock())
    new.tell(edge.gate, at=edge.clock.forward(seconds=1))
    assert versions(edge)["order-x"] == 3, "an older order is no newer one under another key"
    new.issue(order_text(version=4), version=4, at=edge.clock())
    new.tell(edge.gate, at=edge.clock.forward(seconds=1))
    assert versions(edge)["order-x"] == 4
    assert edge.rows("SELECT count(*) FROM centre_mirror") == [(5,)]

    edge.restart()
    assert versions(edge)["order-x"] == 4
    assert Mirror(edge.gate).position().sequence == 2, "and is not begun anew at each start"
    kinds = [(notice.kind, notice.settled_at is None) for notice in edge.gate.store.outgoing.notices()]
    assert kinds.count(("centre_met", True)) == 1
    assert kinds.count(("centre_met", False)) == 1


def test_a_gate_that_goes_back_to_its_first_centre_takes_its_journal_again_without_an_older_order(edge):
    one, other = HandCentre(), HandCentre(epoch="epoch-anew")
    for centre in (one, other):
        version = 5 if centre is other else 1
        centre.issue(order_text(version=version), version=version, at=edge.clock())
    for centre in (one, other, one):
        known(edge, centre)
        Mirror(edge.gate)
        centre.tell(edge.gate, at=edge.clock.forward(seconds=1))
    assert versions(edge)["order-x"] == 5
    assert edge.rows("SELECT count(*) FROM centre_mirror") == [(3,)]
