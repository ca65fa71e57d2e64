"""Issuing orders: a checked policy document enters the centre's journal and, from there, every gate.

A document counts from the moment it is written, here and at each edge as soon as it has fetched it
(its own rules say from when they hold). What would not compile together with what is in force is
refused before anything is written, with the words of the author's mistake.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import structlog

from central.store.issued import Issued, IssuedPolicies, OvertakenError
from sync.agreement.deployment import Deployment, DeploymentError
from sync.agreement.policy import (
    PolicyDocument,
    PolicyError,
    PolicyInForce,
    PolicyKind,
    PolicyOutdatedError,
    parse_policy_text,
)
from sync.agreement.policy.lane_rules import TrafficOrder
from sync.agreement.records import PolicyIssued

_LOG = structlog.get_logger(__name__)
DOCUMENT_LIMIT_BYTES = 32 * 1024
"""A record holds at most 64 KiB, and a document may double in size when it is written as JSON."""
_LOOK_AGAIN_AFTER = timedelta(seconds=2)


class OrderRefusedError(ValueError):
    """The document cannot be issued; ``code`` is a slug, the message says where its author must look."""

    def __init__(self, code: str, *, detail: str) -> None:
        """Keep the slug and the words."""
        self.code = code
        self.detail = detail
        super().__init__(detail)


class PolicyShelf:
    """The policy in force at the centre: what the deployment names, and all that was issued since.

    Other processes issue too, so the journal is looked at again when the last look is some seconds old.
    """

    def __init__(self, base: PolicyInForce, *, issued: IssuedPolicies, clock: Callable[[], datetime]) -> None:
        """Nothing is read yet."""
        self._policy = base
        self._issued = issued
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self.place = (0, 0)
        """How far in the centre's journal (incarnation, sequence) this shelf has looked."""
        self._looked_at: datetime | None = None
        self.documents: tuple[Issued, ...] = ()

    def policy(self) -> PolicyInForce:
        """Return what is in force, at most some seconds old."""
        now = self._clock()
        if self._looked_at is None or abs(now - self._looked_at) > _LOOK_AGAIN_AFTER:
            self.refresh()
            self._looked_at = now
        return self._policy

    def refresh(self) -> PolicyInForce:
        """Take in what was issued since the last look; requests come in several threads."""
        with self._one_at_a_time:
            for issued in self._issued.after(self.place):
                self._take(issued)
                self.place = (issued.incarnation, issued.sequence)
            return self._policy

    def _take(self, issued: Issued) -> None:
        """Let one document count. One that the deployment's own files have overtaken is only passed over."""
        try:
            self._policy = self._policy.with_issued(parse_policy_text(issued.body.document, name=issued.body.policy_id))
        except PolicyOutdatedError:
            return
        except PolicyError as error:
            # It fitted when it was issued: the deployment's files were changed under it. A person must look.
            _LOG.critical("issued_policy_does_not_fit", policy_id=issued.body.policy_id, reason=str(error))
            return
        self.documents = (*self.documents, issued)


def check_order(text: str, *, policy: PolicyInForce, deployment: Deployment) -> PolicyDocument:
    """Say whether a document may be issued now, without issuing it; raises ``OrderRefusedError``."""
    if len(text.encode()) > DOCUMENT_LIMIT_BYTES:
        raise OrderRefusedError(code="order_too_long", detail=f"at most {DOCUMENT_LIMIT_BYTES} bytes")
    try:
        document = parse_policy_text(text, name="document")
        if document.kind is PolicyKind.LAW:
            raise OrderRefusedError(code="not_an_order", detail="a law pack is the deployment's choice, not an order")
        _check_places(document, deployment=deployment)
        _check_quotas(document)
        policy.with_issued(document)
    except PolicyOutdatedError as error:
        raise OrderRefusedError(code="order_is_not_newer", detail=str(error)) from error
    except (PolicyError, DeploymentError) as error:
        raise OrderRefusedError(code="order_does_not_fit", detail=str(error)) from error
    return document


def _check_quotas(document: PolicyDocument) -> None:
    """Refuse a new quota that would count other ways than it names; one issued before holds on, counted strictly."""
    for rule in document.rules:
        if isinstance(rule, TrafficOrder) and rule.has_quota and rule.applies_to.modes_of_entry:
            detail = f"{rule.rule_id}: a quota counts every mode of entry; leave modes_of_entry out, or name the places"
            raise OrderRefusedError(code="order_does_not_fit", detail=detail)


def issue_order(
    text: str, *, shelf: PolicyShelf, deployment: Deployment, issued: IssuedPolicies, by: str, now: datetime
) -> PolicyIssued:
    """Check a document and write it into the centre's journal; raises ``OrderRefusedError``."""
    body = None
    while body is None:
        place = shelf.place  # before the look: what comes after it, the check may not have seen
        document = check_order(text, policy=shelf.refresh(), deployment=deployment)
        checked = PolicyIssued(policy_id=document.id, version=document.version, document=text, issued_by=by)
        with suppress(OvertakenError):
            issued.add(checked, now=now, after=place)
            body = checked
    shelf.refresh()
    return body


def issued_already(shelf: PolicyShelf, policy_id: str, *, text_of: Callable[[int], str]) -> PolicyDocument | None:
    """Return the document in force if it was issued in these very words: a second click issues nothing.

    ``text_of`` writes the order as the version that it is given.
    """
    document = next((each for each in shelf.policy().documents if each.id == policy_id), None)
    if document is None:
        return None
    stands = any(
        (each.body.policy_id, each.body.version, each.body.document)
        == (policy_id, document.version, text_of(document.version))
        for each in shelf.documents
    )
    return document if stands else None


def _check_places(document: PolicyDocument, *, deployment: Deployment) -> None:
    """Every point of entry that the document speaks of must be one of ours: a misspelt gate closes nothing."""
    for rule in document.rules:
        scope = getattr(rule, "applies_to", None)
        for point_of_entry_id in getattr(scope, "point_of_entry_ids", ()):
            deployment.point_of_entry(point_of_entry_id)
        if isinstance(rule, TrafficOrder) and rule.redirect_to is not None:
            deployment.point_of_entry(rule.redirect_to)


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One document in force, for the orders page; ``issued_at`` is ``None`` for one of the deployment."""

    policy_id: str
    version: int
    title: dict[str, str]
    rule_count: int
    issued_at: datetime | None
    issued_by: str | None


def orders_in_force(shelf: PolicyShelf) -> list[OrderLine]:
    """Return the orders documents that count now, the latest issued first."""
    policy = shelf.policy()
    newest = {(each.body.policy_id, each.body.version): each for each in shelf.documents}
    lines = []
    for document in policy.orders:
        issued = newest.get((document.id, document.version))
        lines.append(
            OrderLine(
                policy_id=document.id,
                version=document.version,
                title=msgspec.structs.asdict(document.title),
                rule_count=len(document.rules),
                issued_at=issued.issued_at if issued else None,
                issued_by=issued.body.issued_by if issued else None,
            )
        )
    return lines[::-1]
