"""Whose signature counts at a post follows from the centre's own records, and from nothing else."""

from checkpoint.papers.clearance_slip import key_hint
from checkpoint.papers.signers import signers_after
from sync.agreement.trust_records import EdgeConfirmed, EdgeEnrolled, EdgeRevoked
from sync.agreement.vocabulary import RevocationReason
from sync.exchange.signatures import fingerprint

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
HINT = key_hint(KEY)
KEY_HEX = KEY.hex()


def enrolled(*, is_confirmed=False, kind="edge", key=KEY_HEX):
    return EdgeEnrolled(
        edge_id="mong-cai-1", point_of_entry_id="mong-cai", kind=kind, public_key=key, is_confirmed=is_confirmed
    )


def confirmed(key=KEY):
    return EdgeConfirmed(edge_id="mong-cai-1", fingerprint=fingerprint(key))


REVOKED = EdgeRevoked(edge_id="mong-cai-1", reason=RevocationReason.STOLEN)


def test_a_machine_counts_once_a_person_compared_its_key():
    assert not signers_after({}, [enrolled()])[HINT].is_confirmed
    assert signers_after({}, [enrolled(), confirmed()])[HINT].is_confirmed
    assert signers_after({}, [enrolled(is_confirmed=True)])[HINT].is_confirmed


def test_a_comparison_of_another_key_confirms_nothing():
    assert not signers_after({}, [enrolled(), confirmed(OTHER_KEY)])[HINT].is_confirmed


def test_records_that_come_one_at_a_time_lead_to_the_same_as_all_at_once():
    bodies, step_by_step = [enrolled(), confirmed(), REVOKED], {}
    for body in bodies:
        step_by_step = signers_after(step_by_step, [body])

    assert step_by_step == signers_after({}, bodies)
    assert step_by_step[HINT].is_revoked


def test_a_province_and_a_key_that_is_none_sign_nothing():
    assert signers_after({}, [enrolled(kind="province"), enrolled(key="no key"), confirmed(), REVOKED]) == {}
