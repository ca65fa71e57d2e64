"""Taking edges in and turning them out: codes that are shown once, fingerprints that a person compares.

The code never travels: edge and centre each prove that they know it. Who is wrong waits, longer with each
time: the address it comes from for itself, and each address for each code. Nobody makes another wait, and
nobody uses a code up for others: 128 bits are not tried out, and a flood from elsewhere blocks no enrolment.
"""

import ipaddress
from datetime import datetime, timedelta

import msgspec
import structlog

from central.actions.doorway import PushRefusedError
from central.actions.opening import Centre
from central.actions.pacing import GrowingWait, GrowingWaits, TooOftenError
from central.store.alarms import Alarm, AlarmKind
from central.store.edges import Edge, EnrolmentError
from central.store.enrolment import CODE_LIVES_FOR, EnrolmentCode, NewEdge
from sync.agreement.identifiers import slug
from sync.agreement.vocabulary import RevocationReason
from sync.exchange.messages import EnrolmentAnswer, EnrolmentRequest, code_key, fingerprint, new_enrolment_code
from sync.exchange.sealing import sealing_public_text
from sync.exchange.signatures import SignatureError, check_public_key, public_text

_LOG = structlog.get_logger(__name__)
OF_ADDRESS = GrowingWait(free=20, first_s=5.0, longest_s=600.0)
OF_ADDRESS_FOR_CODE = GrowingWait(free=5, first_s=30.0, longest_s=CODE_LIVES_FOR.total_seconds())
WORTH_AN_ALARM = 50
"""Wrong proofs for one open code, from wherever: then a person is told that somebody tries."""
_SIXTY_FOUR = 64
NOWHERE = ""
CODE_ACTION, CONFIRM_ACTION, REVOKE_ACTION = "make_enrolment_code", "confirm_edge", "revoke_edge"


class FingerprintError(ValueError):
    """The fingerprint is not that of the edge's key: another machine used the code. Nothing was confirmed."""


class EdgeUnknownError(LookupError):
    """No edge of this name is enrolled."""


class ShownCode(msgspec.Struct, frozen=True, kw_only=True):
    """A new code in groups, as it is shown this one time."""

    code: str
    edge_id: str
    point_of_entry_id: str
    expires_at: datetime


class Enrolling:
    """Answers edges that are not known yet. One for the whole service: it remembers who was wrong."""

    def __init__(self, centre: Centre) -> None:
        """Nobody has tried yet."""
        self._centre = centre
        self._of_address = GrowingWaits(OF_ADDRESS, clock=centre.clock)
        self._of_code = GrowingWaits(OF_ADDRESS_FOR_CODE, clock=centre.clock)

    def take(self, request: EnrolmentRequest, *, address: str = NOWHERE) -> EnrolmentAnswer:
        """Take an edge in that proves its code, unconfirmed; raise ``PushRefusedError``.

        ``address`` is where the request came from. Who has to wait is told so before the database is asked.
        """
        asker = asker_at(address)
        try:
            self._of_address.check(asker)
            self._of_code.check((asker, request.edge_id))
        except TooOftenError as error:
            raise PushRefusedError(
                code="too_many_attempts", http_code=429, retry_after_s=error.retry_after_s
            ) from error
        now = self._centre.clock()
        codes = self._centre.store.enrolment.open_codes(request.edge_id, now=now)
        code = next((each for each in codes if _is_proven(request, code=each)), None)
        if code is None:
            self._note_wrong(request.edge_id, asker=asker, codes=codes, now=now)
            raise PushRefusedError(code="code_refused", http_code=403)
        new = NewEdge(
            edge_id=request.edge_id,
            public_key=bytes.fromhex(request.public_key),
            site_sealing_key=bytes.fromhex(request.site_sealing_key),
        )
        try:
            check_public_key(new.public_key)
            edge = self._centre.store.enrolment.use(code, by=new, now=now)
        except (EnrolmentError, SignatureError) as error:
            raise PushRefusedError(code="code_refused", http_code=403) from error
        _LOG.info("edge enrolled", edge_id=edge.edge_id, fingerprint=fingerprint(edge.public_key))
        return self._answer(request, edge=edge, code=code)

    def _note_wrong(self, edge_id: str, *, asker: str, codes: list[EnrolmentCode], now: datetime) -> None:
        self._of_address.note_fault(asker)
        self._of_code.note_fault((asker, edge_id))
        _LOG.warning("enrolment refused", edge_id=edge_id)
        if not codes or codes[0].attempts >= WORTH_AN_ALARM:
            return
        self._centre.store.enrolment.note_wrong_try(edge_id, now=now)
        if codes[0].attempts + 1 >= WORTH_AN_ALARM:
            made_at = codes[0].made_at.isoformat()
            tried = Alarm(kind=AlarmKind.ENROLMENT_TRIED, edge_id=edge_id, raised_at=now, detail={"made_at": made_at})
            self._centre.store.edges.raise_alarm(tried)

    def _answer(self, request: EnrolmentRequest, *, edge: Edge, code: EnrolmentCode) -> EnrolmentAnswer:
        keys = self._centre.keys
        answer = EnrolmentAnswer(
            edge_id=edge.edge_id,
            point_of_entry_id=edge.point_of_entry_id,
            province_sealing_key=sealing_public_text(keys.sealing),
            centre_public_key=public_text(keys.signing),
            fingerprint=fingerprint(edge.public_key),
            is_confirmed=edge.confirmed_at is not None,
            nonce=request.nonce,
        )
        return answer.proven(key=code.key)


def asker_at(address: str) -> str:
    """Return whom an address stands for: itself, or the whole /64 of IPv6, of which one subscriber has all.

    >>> asker_at("203.0.113.7"), asker_at("2001:db8::1") == asker_at("2001:db8::ffff:2"), asker_at("testclient")
    ('203.0.113.7', True, 'testclient')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, _SIXTY_FOUR), strict=False))


def make_code(
    centre: Centre, edge_id: str, *, point_of_entry_id: str, by: str, lives_for: timedelta = CODE_LIVES_FOR
) -> ShownCode:
    """Make a code for one edge at one gate; it is in the answer and nowhere else.

    Raises ``EnrolmentError``, ``IdentifierError`` and ``DeploymentError``.
    """
    centre.deployment.point_of_entry(point_of_entry_id)
    now = centre.clock()
    code = new_enrolment_code()
    kept = EnrolmentCode(
        key=code_key(code),
        edge_id=slug(edge_id),
        point_of_entry_id=point_of_entry_id,
        made_by=by,
        made_at=now,
        expires_at=now + lives_for,
    )
    centre.store.enrolment.add_code(kept)
    centre.store.accounts.log_access(CODE_ACTION, username=by, subject=edge_id, reason=point_of_entry_id, at=now)
    return ShownCode(code=code, edge_id=edge_id, point_of_entry_id=point_of_entry_id, expires_at=kept.expires_at)


def confirm_edge(centre: Centre, edge_id: str, *, fingerprint_shown: str, by: str) -> Edge:
    """Believe an edge whose fingerprint a person read at its screen.

    Raises ``EdgeUnknownError`` and ``FingerprintError``; confirming twice changes nothing.
    """
    edge = _known(centre, edge_id)
    if _digits(fingerprint_shown) != _digits(fingerprint(edge.public_key)):
        msg = f"the fingerprint of {edge_id} is another one: compare again, or revoke this edge"
        raise FingerprintError(msg)
    now = centre.clock()
    centre.store.enrolment.confirm(edge_id, by=by, now=now)
    centre.store.accounts.log_access(CONFIRM_ACTION, username=by, subject=edge_id, reason="", at=now)
    return edge


def revoke_edge(
    centre: Centre, edge_id: str, *, by: str, reason: RevocationReason = RevocationReason.OTHER, words: str = ""
) -> bool:
    """Refuse an edge from its next request on; what it sent stays. Tell whether that is new.

    The journal and the log of who did what keep the code of the reason; ``words`` stand beside the edge only.
    Raises ``EdgeUnknownError``.
    """
    _known(centre, edge_id)
    now = centre.clock()
    is_new = centre.store.edges.revoke(edge_id, now=now, by=by, reason=reason, words=words)
    if is_new:
        centre.store.accounts.log_access(REVOKE_ACTION, username=by, subject=edge_id, reason=reason.value, at=now)
        _LOG.warning("edge revoked", edge_id=edge_id, by=by)
    return is_new


def revocation_of(reason: str) -> tuple[RevocationReason, str]:
    """Read what a person gave as the reason: a code, or words, which then stand beside ``other``.

    >>> revocation_of("stolen"), revocation_of("rơi xuống sông")
    ((<RevocationReason.STOLEN: 'stolen'>, ''), (<RevocationReason.OTHER: 'other'>, 'rơi xuống sông'))
    """
    try:
        return RevocationReason(reason), ""
    except ValueError:
        return RevocationReason.OTHER, reason


def _known(centre: Centre, edge_id: str) -> Edge:
    edge = centre.store.edges.find(edge_id)
    if edge is None:
        msg = f"no edge {edge_id} is enrolled; the page Units lists those that are"
        raise EdgeUnknownError(msg)
    return edge


def _is_proven(request: EnrolmentRequest, *, code: EnrolmentCode) -> bool:
    try:
        request.check(key=code.key)
    except SignatureError:
        return False
    return True


def _digits(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
