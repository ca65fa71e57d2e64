"""What a CDC officer does at the desk: look at a case, class it, and, with a reason, see who it is.

Seeing a person is logged before the name is shown, and the log entry never holds the name.
"""

from central.actions.opening import Centre
from central.review import review
from central.store.centre_journal import Review
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import CaseClass
from sync.exchange.sealing import SealedIdentity, associated_bytes, open_sealed, unwrap_episode_key

REVEAL_ACTION = "reveal_identity"


class CaseUnknownError(LookupError):
    """There is no such crossing at this centre."""


class PersonErasedError(LookupError):
    """The sealed part has no key any more, or never had one: nobody can open it."""


def review_case(centre: Centre, crossing_id: str, *, case_class: CaseClass, note: str, reviewer: str) -> Review:
    """Class a case: a new record in the centre's own journal. Raises ``CaseUnknownError``, ``ReviewError``."""
    state = centre.store.desk.state(crossing_id)
    if state is None:
        raise CaseUnknownError(crossing_id)
    body = review(state, case_class=case_class, note=note, reviewer_ref=reviewer)
    return centre.store.review(body, now=centre.clock())


def reveal_person(centre: Centre, crossing_id: str, *, reason: str, username: str) -> TravellerIdentity:
    """Open the sealed part of a case, logged first.

    Raises ``CaseUnknownError``, ``PersonErasedError``, ``SealingError``.
    """
    if centre.store.desk.state(crossing_id) is None:
        raise CaseUnknownError(crossing_id)
    centre.store.accounts.log_access(
        REVEAL_ACTION, username=username, subject=crossing_id, reason=reason, at=centre.clock()
    )
    person = centre.store.desk.sealed_person(crossing_id)
    if person is None or person.episode_key is None:
        raise PersonErasedError(crossing_id)
    envelope = person.envelope
    if envelope.sealed is None or envelope.sealing is None:
        raise PersonErasedError(crossing_id)
    key = unwrap_episode_key(person.episode_key, recipient="province", private_key=centre.keys.sealing)
    return open_sealed(
        SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce),
        episode_key=key,
        associated=associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id),
    )
