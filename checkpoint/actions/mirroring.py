"""What the centre decided reaches the gate: policies, case decisions, erasures, in one commit with the cursor.

``Mirror`` is the downlink's journal (``sync.exchange.ends.MirrorJournal``): what it is handed was checked
for signature, chain and order already. Nothing the centre says can stop a lane: a document that does not
parse or does not fit is kept, noticed, and changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
import structlog

from checkpoint.actions.erasing import erase_episodes, scrub_remains
from checkpoint.actions.gate import Gate, Turn
from checkpoint.papers.signers import TRUST_TYPES, signers_after
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.erasure import is_erased
from checkpoint.store.identity import known_centre
from checkpoint.store.mirror import (
    CaseDecision,
    MirrorEntry,
    MirrorHead,
    MirrorStanding,
    keep_entry,
    kept_records,
    kept_records_about,
    knows_crossing,
    put_decision,
    set_aside,
    write_head,
)
from checkpoint.store.recovery import latest_notice, note_notice, replace_notice
from sync.agreement.deployment import Deployment, DeploymentError, policy_with_issued
from sync.agreement.policy import PolicyError, PolicyInForce, PolicyOutdatedError, parse_policy_text
from sync.agreement.records import SEALED_WORDS, CaseReviewed, EpisodesErased, PolicyIssued
from sync.exchange.down_rules import DownlinkError
from sync.exchange.ends import CentreRecord, MirrorPosition
from sync.exchange.envelope import Envelope, EnvelopeError, body_of, decode_record
from sync.exchange.messages import DownAnswer, fingerprint

AMBER_AFTER = timedelta(hours=24)
RED_AFTER = timedelta(hours=72)
CENTRE_MET = "centre_met"
"""The notice that says of which centre, by the fingerprint of its key, the mirror is."""
_KEPT_TYPES = frozenset({PolicyIssued.type_name, EpisodesErased.type_name, *TRUST_TYPES})
_log = structlog.get_logger("checkpoint")


class PolicyFault(StrEnum):
    """Why a policy of the centre is not in force at this gate; kept beside it, shown in ``/api/health``."""

    UNREADABLE = "unreadable"
    MISNAMED = "misnamed"
    OUTDATED = "outdated"
    DOES_NOT_FIT = "does_not_fit"


class PolicyFreshness(StrEnum):
    """How old the policy at the gate is: the time since the centre last answered."""

    NOT_CONFIGURED = "not_configured"
    NEVER = "never"
    FRESH = "fresh"
    AMBER = "amber"
    RED = "red"


class PolicyAge(msgspec.Struct, frozen=True, kw_only=True):
    """The age of the policy in force, for the lane's head, ``/api/health`` and ``/metrics``.

    ``answered_at`` is the edge's clock at the centre's last good answer; ``refused`` counts documents of
    the centre that are not in force here because they could not be read or do not fit.
    """

    freshness: PolicyFreshness = PolicyFreshness.NOT_CONFIGURED
    answered_at: datetime | None = None
    age_s: float | None = None
    refused: int = 0


class Renewed(msgspec.Struct, frozen=True, kw_only=True):
    """The policy after one document of the centre, or the reason why it is as it was."""

    policy: PolicyInForce
    fault: PolicyFault | None = None
    detail: str = ""


class Mirror:
    """The downlink's journal over a running gate; safe to call from the downlink's own thread."""

    def __init__(self, gate: Gate) -> None:
        """Everything it knows is the gate's. A centre under another key than before begins a mirror of its own."""
        self._gate = gate
        centre = known_centre(gate.settings.edge, files=gate.store.files)
        if centre is not None:
            name = fingerprint(bytes.fromhex(centre.centre_public_key))
            gate.perform(lambda turn: _meet(turn, name)).result(COMMIT_TIMEOUT_S)

    def position(self) -> MirrorPosition:
        """Return how far the mirror is."""
        return position_of(self._gate.mirror.head)

    def take(self, answer: DownAnswer, records: Sequence[CentreRecord]) -> None:
        """Apply the records and move the position, in one commit; returns when it is on the disk.

        Raises ``DownlinkError`` for an answer that another one overtook since it was judged: the downlink and
        a courier's return may come at the same time, and a cursor that went back would never move again.
        """
        gate = self._gate
        gate.perform(lambda turn: _take(turn, answer, records=records)).result(COMMIT_TIMEOUT_S)
        if gate.mirror.scrub_due:
            scrub_remains(gate)


def _meet(turn: Turn, name: str) -> None:
    """Note whose mirror this is; set aside what another centre said, so that a centre built anew is heard.

    Its orders count as any others do: a document that is not newer than the one in force is refused.
    """
    before = latest_notice(turn.transaction, CENTRE_MET)
    if before is not None and before["fingerprint"] == name:
        return
    replace_notice(turn.transaction, CENTRE_MET, detail={"fingerprint": name}, at=turn.at)
    if before is None:
        return  # an edge of an earlier program, or a new one: what it holds is of the centre that it knows
    head = set_aside(turn.transaction)
    gate = turn.gate
    standing = msgspec.structs.replace(gate.mirror, head=head)
    turn.transaction.after_commit(lambda: setattr(gate, "mirror", standing))
    turn.transaction.after_commit(lambda: setattr(gate, "signers", {}))  # it vouched for them, and counts no more
    _log.warning("another_centre", fingerprint=name, before=before["fingerprint"])


def position_of(head: MirrorHead) -> MirrorPosition:
    """Say a kept head in the downlink's words."""
    return MirrorPosition(
        incarnation=head.centre_incarnation,
        sequence=head.sequence,
        hash=head.hash,
        epoch=head.epoch,
        issued_at=head.issued_at,
    )


def renewed(deployment: Deployment, policy: PolicyInForce, *, issued: PolicyIssued) -> Renewed:
    """Add one document of the centre to the policy, if it reads, is what it says it is, and fits."""
    try:
        document = parse_policy_text(issued.document, name=f"{issued.policy_id} v{issued.version}")
    except PolicyError as error:
        return Renewed(policy=policy, fault=PolicyFault.UNREADABLE, detail=str(error))
    if (document.id, document.version) != (issued.policy_id, issued.version):
        detail = f"the record says {issued.policy_id} v{issued.version}, its text {document.id} v{document.version}"
        return Renewed(policy=policy, fault=PolicyFault.MISNAMED, detail=detail)
    try:
        return Renewed(policy=policy_with_issued(deployment, policy, issued=document))
    except PolicyOutdatedError as error:
        return Renewed(policy=policy, fault=PolicyFault.OUTDATED, detail=str(error))
    except (PolicyError, DeploymentError) as error:
        return Renewed(policy=policy, fault=PolicyFault.DOES_NOT_FIT, detail=str(error))


def mirror_again(gate: Gate) -> None:
    """Put what is kept of the centre's policies on top of the deployment's own: at each start, offline too.

    A document that the deployment's files have overtaken counts no more; that is no fault.
    """
    with gate.store.readers.connect() as connection:
        records = kept_records(connection, of_type=PolicyIssued.type_name)
        trusted = kept_records_about(connection, types=TRUST_TYPES)
    gate.signers = signers_after({}, (_readable_body(record)[1] for record in trusted))
    gate.policy, refused = policy_after(records, deployment=gate.deployment, policy=gate.policy)
    gate.mirror = msgspec.structs.replace(gate.mirror, refused=refused)


def policy_after(
    records: Sequence[bytes], *, deployment: Deployment, policy: PolicyInForce
) -> tuple[PolicyInForce, frozenset[str]]:
    """Put the centre's kept policies on top of a policy, in order; return also which of them are not in force."""
    refused = set[str]()
    for record in records:
        body = _readable_body(record)[1]
        if isinstance(body, PolicyIssued):
            result = renewed(deployment, policy, issued=body)
            policy = result.policy
            _note_refusal(refused, body, fault=result.fault)
    return policy, frozenset(refused)


def policy_age(gate: Gate, *, at: datetime) -> PolicyAge:
    """Say how old the policy at this gate is."""
    head = gate.mirror.head
    has_centre = bool(gate.settings.edge.centre_url) or "province" in gate.recipients
    if head.answered_at is None:
        freshness = PolicyFreshness.NEVER if has_centre else PolicyFreshness.NOT_CONFIGURED
        return PolicyAge(freshness=freshness, refused=len(gate.mirror.refused))
    age = abs(at - head.answered_at)  # an answer from the future is of a clock that was wrong: of no known age
    freshness = PolicyFreshness.FRESH
    if age >= AMBER_AFTER:
        freshness = PolicyFreshness.RED if age >= RED_AFTER else PolicyFreshness.AMBER
    return PolicyAge(
        freshness=freshness,
        answered_at=head.answered_at,
        age_s=age.total_seconds(),
        refused=len(gate.mirror.refused),
    )


class _Applying:
    """What one answer changes, gathered on the way and made visible after the commit."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.policy = turn.gate.policy
        self.signers = turn.gate.signers
        self.refused = set(turn.gate.mirror.refused)
        self.erased = 0

    def apply(self, record: CentreRecord) -> None:
        """Apply one record of the centre and keep it."""
        envelope, body = _readable_body(record.record)
        fault: str | None = None
        if envelope is None or body is None:
            fault = "not_understood"
        elif isinstance(body, PolicyIssued):
            fault = self._policy(body)
        elif isinstance(body, CaseReviewed):
            self._decision(envelope, body)
        elif isinstance(body, EpisodesErased) and erase_episodes(self.turn, body) is not None:
            self.erased += len(body.episode_ids)
        self.signers = signers_after(self.signers, (body,))
        self._keep(record, envelope=envelope, fault=fault)

    def finish(self, answer: DownAnswer, *, sequence: int, last_hash: bytes) -> None:
        """Move the cursor; screens and the next assessment see everything after the commit."""
        turn = self.turn
        head = MirrorHead(
            centre_incarnation=answer.centre_incarnation,
            sequence=sequence,
            hash=last_hash,
            epoch=answer.epoch,
            issued_at=answer.issued_at,
            answered_at=turn.at,
        )
        write_head(turn.transaction, head)
        turn.transaction.after_commit(lambda: self._show(head))

    def _show(self, head: MirrorHead) -> None:
        """Let everybody see it; for the writer's thread, after the commit."""
        gate = self.turn.gate
        gate.policy = self.policy
        gate.signers = self.signers
        scrub_due = gate.mirror.scrub_due + self.erased
        gate.mirror = MirrorStanding(head=head, refused=frozenset(self.refused), scrub_due=scrub_due)

    def _policy(self, body: PolicyIssued) -> str | None:
        result = renewed(self.turn.gate.deployment, self.policy, issued=body)
        self.policy = result.policy
        _note_refusal(self.refused, body, fault=result.fault)
        if result.fault is None:
            _log.info("policy_in_force", policy_id=body.policy_id, version=body.version)
            return None
        detail: dict[str, str | int] = {
            "policy_id": body.policy_id,
            "version": body.version,
            "fault": result.fault.value,
        }
        note_notice(self.turn.transaction, "policy_refused", detail=detail, at=self.turn.at)
        _log.error("policy_refused", **detail, reason=result.detail)
        return result.fault.value

    def _decision(self, envelope: Envelope, body: CaseReviewed) -> None:
        """Keep what concerns this gate; a reviewer's words about somebody who was erased are not kept."""
        transaction = self.turn.transaction
        if not knows_crossing(transaction, body.crossing_id) or is_erased(transaction, body.crossing_id):
            return
        decision = CaseDecision(
            crossing_id=body.crossing_id,
            record_id=str(envelope.record_id),
            case_class=body.case_class,
            note="" if body.note == SEALED_WORDS else body.note,  # sealed words are read at the centre, with the person
            decided_at=envelope.recorded_at,
        )
        put_decision(self.turn.transaction, decision)

    def _keep(self, record: CentreRecord, *, envelope: Envelope | None, fault: str | None) -> None:
        type_name = "" if envelope is None else envelope.type
        is_kept = fault is not None or type_name in _KEPT_TYPES
        entry = MirrorEntry(
            centre_incarnation=record.incarnation,
            sequence=record.sequence,
            record_id="" if envelope is None else str(envelope.record_id),
            type=type_name,
            hash=record.hash,
            bytes=record.record if is_kept else None,
            fault=fault,
        )
        keep_entry(self.turn.transaction, entry, received_at=self.turn.at)


def _note_refusal(refused: set[str], body: PolicyIssued, *, fault: PolicyFault | None) -> None:
    """Remember which policies are not as the centre wants them; a later document that fits settles it."""
    if fault is None:
        refused.discard(body.policy_id)
    elif fault is not PolicyFault.OUTDATED:
        refused.add(body.policy_id)


def _take(turn: Turn, answer: DownAnswer, *, records: Sequence[CentreRecord]) -> None:
    if not _follows(answer, head=turn.gate.mirror.head):
        reason = "overtaken"
        raise DownlinkError(reason)
    applying = _Applying(turn)
    for record in records:
        applying.apply(record)
    applying.finish(answer, sequence=answer.last, last_hash=bytes.fromhex(answer.head_hash))


def _follows(answer: DownAnswer, *, head: MirrorHead) -> bool:
    """Tell whether an answer still continues the mirror, now that nothing else can move it."""
    own_incarnation = max(1, head.centre_incarnation)
    if answer.centre_incarnation != own_incarnation:
        return answer.centre_incarnation > own_incarnation and answer.after == 0
    is_older = head.issued_at is not None and answer.epoch == head.epoch and answer.issued_at < head.issued_at
    return answer.after == head.sequence and not is_older


def _readable_body(record: bytes) -> tuple[Envelope | None, object]:
    """Read a record of the centre, or return what can be read of it."""
    try:
        envelope = decode_record(record)
    except EnvelopeError:
        return None, None
    try:
        return envelope, body_of(envelope)
    except EnvelopeError:
        return envelope, None
