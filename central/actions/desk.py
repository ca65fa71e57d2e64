"""What a CDC officer does at the desk: look at a case, class it, and, with a reason, see who it is.

Seeing a person is logged before the name is shown, and the log entry never holds the name.
"""

import msgspec

from central.actions.opening import Centre
from central.actions.sealed_words import lock_of, reviewers_words
from central.review import review
from central.store.centre_journal import Review
from sync.agreement.records import SEALED_WORDS, TravellerIdentity
from sync.agreement.trust_records import ExpressSettled
from sync.agreement.vocabulary import CaseClass, LookReason, SettlementReason
from sync.exchange.sealing import SealedIdentity, associated_bytes, open_sealed

REVEAL_ACTION = "reveal_identity"
SETTLE_ACTION = "settle_express"
EXPORT_ACTION = "export_cases"


class CaseUnknownError(LookupError):
    """There is no such crossing at this centre."""


class PersonErasedError(LookupError):
    """The sealed part has no key any more, or never had one: nobody can open it."""


def review_case(centre: Centre, crossing_id: str, *, case_class: CaseClass, note: str, reviewer: str) -> Review:
    """Class a case: a new record in the centre's own journal. Raises ``CaseUnknownError``, ``ReviewError``.

    The reviewer's words are sealed with the person; of a person who was erased none are kept.
    """
    state = centre.store.desk.state(crossing_id)
    if state is None:
        raise CaseUnknownError(crossing_id)
    body = review(state, case_class=case_class, note=note, reviewer_ref=reviewer)
    now, words = centre.clock(), body.note
    lock = lock_of(centre, crossing_id) if words else None
    if lock is None:
        return centre.store.review(msgspec.structs.replace(body, note=""), now=now)
    sealing = lock
    return centre.store.review(
        msgspec.structs.replace(body, note=SEALED_WORDS),
        now=now,
        seal=lambda record_id: sealing.seal(words, record_id=record_id),
    )


def look_reason_of(reason: str) -> tuple[LookReason, str]:
    """Read why somebody looks: a code, or words, which then stand beside ``other``, sealed.

    >>> look_reason_of("care"), look_reason_of("bạn tôi")
    ((<LookReason.CARE: 'care'>, ''), (<LookReason.OTHER: 'other'>, 'bạn tôi'))
    """
    try:
        return LookReason(reason), ""
    except ValueError:
        return LookReason.OTHER, reason


def note_export(centre: Centre, *, username: str) -> None:
    """Note that somebody takes the list of cases away as a file; it is as the screen shows it, without names."""
    now = centre.clock()
    day = centre.report_day(now).isoformat()
    centre.store.accounts.log_access(EXPORT_ACTION, username=username, subject=day, reason="", at=now)


def reveal_person(
    centre: Centre, crossing_id: str, *, reason: LookReason, words: str = "", username: str
) -> TravellerIdentity:
    """Open the sealed part of a case, logged first; the reviewers' words stand among the remarks.

    Raises ``CaseUnknownError``, ``PersonErasedError``, ``SealingError``.
    """
    if centre.store.desk.state(crossing_id) is None:
        raise CaseUnknownError(crossing_id)
    lock = lock_of(centre, crossing_id)
    centre.store.accounts.log_access(
        REVEAL_ACTION,
        username=username,
        subject=crossing_id,
        reason=reason.value,
        at=centre.clock(),
        sealed_words=lock.seal_entry(words) if words and lock is not None else None,
    )
    person = centre.store.desk.sealed_person(crossing_id)
    if person is None or lock is None:
        raise PersonErasedError(crossing_id)
    envelope = person.envelope
    if envelope.sealed is None or envelope.sealing is None:
        raise PersonErasedError(crossing_id)
    identity = open_sealed(
        SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce),
        episode_key=lock.key,
        associated=associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id),
    )
    remarks = [identity.remarks, *reviewers_words(centre, crossing_id, lock=lock)]
    return msgspec.structs.replace(identity, remarks="\n".join(filter(None, remarks)))


def settle_case(centre: Centre, crossing_id: str, *, reason: SettlementReason, username: str) -> ExpressSettled:
    """State that a case which came by express will never arrive in its journal.

    Raises ``NothingToSettleError`` or ``StillExpectedError`` of ``central.store.settlement``.
    """
    now = centre.clock()
    settled = centre.store.desk.settle(crossing_id, reason=reason, by=username, now=now)
    centre.store.accounts.log_access(SETTLE_ACTION, username=username, subject=crossing_id, reason=reason.value, at=now)
    return settled
