"""Declarations under the centre's public address; the code that the traveller gets is all that a gate needs.

The centre keeps a copy that is sealed for the province. No gate fetches it: the code carries the whole declaration.
"""

from collections.abc import Mapping
from datetime import datetime

from central.actions.opening import Centre
from central.routes.answers import run_in_thread
from central.store.declarations import KnownDeclaration
from sync.agreement.declaration import (
    CHOICES,
    MOST_AREAS,
    Declaration,
    DeclarationChannel,
    expiry_of,
    packed,
    read_answers,
    strictest_terms,
    write_code,
)
from sync.agreement.labels_catalogue import format_instant
from sync.agreement.local_time import local_date
from sync.agreement.policy.legal_rules import DeclarationTerms
from sync.exchange.declaring import KeptDeclaration, kept_declaration, service_seal
from web.declaring import FormTerms, Rejected, Taken


class CentreDesk:
    """Takes declarations into the centre's database, signed by the centre."""

    choices: Mapping[str, tuple[str, ...]] = CHOICES
    most_areas: int = MOST_AREAS

    def __init__(self, centre: Centre) -> None:
        """Sign with the centre's key, seal for the province alone."""
        self._centre = centre
        self._seal = service_seal(centre.keys.signing)

    def terms(self) -> FormTerms:
        """Say what the law pack in force asks for today."""
        now = self._centre.clock()
        return FormTerms.of(self._rule(now), today=local_date(now))

    async def take(self, answers: Mapping[str, str], *, channel: str, language: str) -> Taken | Rejected:
        """Check the answers and keep them; returns after the durable commit."""
        now = self._centre.clock()
        rule = self._rule(now)
        if rule is None:
            return Rejected()
        read = read_answers(answers, today=local_date(now), valid_for_days=rule.valid_for_days, language=language)
        if not isinstance(read, Declaration):
            return Rejected(errors={name: fault.value for name, fault in read.items()})
        said_by = DeclarationChannel(channel)
        kept = kept_declaration(
            read,
            channel=said_by,
            at=now,
            terms=rule,
            key=self._centre.keys.signing,
            recipients={"province": self._centre.keys.sealing.public_key()},
        )
        known = await run_in_thread(self._put, kept)
        if known.fingerprint != kept.fingerprint:
            return Rejected(is_id_taken=True)
        expires_at = expiry_of(known.declared_at, terms=rule)
        return Taken(
            declaration_id=kept.declaration_id,
            code=write_code(packed(read, declared_at=known.declared_at, channel=said_by), seal=self._seal),
            valid_until=format_instant(expires_at, language=language),
            expires_at=expires_at,
        )

    def _put(self, kept: KeptDeclaration) -> KnownDeclaration:
        return self._centre.store.declarations.put(kept)

    def _rule(self, now: datetime) -> DeclarationTerms | None:
        return strictest_terms(self._centre.policy.rules_at(now).of_type(DeclarationTerms))
