"""Declarations at an edge: on the gate's own Wi-Fi, at the kiosk, and by an officer for someone without a phone."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkpoint.actions.declaring import take_declaration
from checkpoint.actions.gate import Gate
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.lane import LaneError
from checkpoint.presentation import Presentation
from checkpoint.store.declarations import put_declaration
from sync.agreement.declaration import (
    CHOICES,
    MOST_AREAS,
    Declaration,
    DeclarationChannel,
    ReadCode,
    expiry_of,
    packed,
    read_answers,
    strictest_terms,
    write_code,
)
from sync.agreement.labels_catalogue import format_instant
from sync.agreement.local_time import local_date
from sync.agreement.policy.legal_rules import DeclarationTerms
from sync.agreement.vocabulary import Sex
from sync.exchange.declaring import KeptDeclaration, kept_declaration, service_seal
from web.declaring import (
    DeclarationPages,
    FormTerms,
    Rejected,
    Shown,
    Taken,
    answers_in,
    declaration_router,
    read_declaration_form,
)
from web.forms import FormRefusedError
from web.language import language_of
from web.roles import permit

_may_act = permit("lane.act")


class EdgeDesk:
    """Takes declarations into the edge's own database, signed by the edge; needs no uplink."""

    choices: Mapping[str, tuple[str, ...]] = CHOICES
    most_areas: int = MOST_AREAS

    def __init__(self, gate: Gate) -> None:
        """Sign with the key of this edge."""
        self._gate = gate
        self._seal = service_seal(gate.identity.signing_key)

    def terms(self) -> FormTerms:
        """Say what the law pack in force asks for today."""
        now = self._gate.clock()
        return FormTerms.of(self._rule(now), today=local_date(now))

    async def take(self, answers: Mapping[str, str], *, channel: str, language: str) -> Taken | Rejected:
        """Check the answers and keep them; returns after the durable commit."""
        taken = await self.take_in(answers, channel=DeclarationChannel(channel), language=language)
        return taken if isinstance(taken, Rejected) else taken[0]

    async def take_in(
        self, answers: Mapping[str, str], *, channel: DeclarationChannel, language: str
    ) -> tuple[Taken, ReadCode] | Rejected:
        """Do the same, and return the declaration as the lane would read it from its code."""
        now = self._gate.clock()
        rule = self._rule(now)
        if rule is None:
            return Rejected()
        read = read_answers(answers, today=local_date(now), valid_for_days=rule.valid_for_days, language=language)
        if not isinstance(read, Declaration):
            return Rejected(errors={name: fault.value for name, fault in read.items()})
        gate = self._gate
        kept = kept_declaration(
            read,
            channel=channel,
            at=now,
            terms=rule,
            key=gate.identity.signing_key,
            recipients=gate.recipients,
            random_bytes=gate.random_bytes,
        )
        declared_at = await self._keep(kept)
        if declared_at is None:
            return Rejected(is_id_taken=True)
        return self._taken(read, declared_at=declared_at, channel=channel, rule=rule)

    async def _keep(self, kept: KeptDeclaration) -> datetime | None:
        """Return when it was first declared; ``None`` if the identifier stands for another content."""
        known = await asyncio.wrap_future(self._gate.perform(lambda turn: put_declaration(turn.transaction, kept)))
        return known.declared_at if known.fingerprint == kept.fingerprint else None

    def _taken(
        self, declaration: Declaration, *, declared_at: datetime, channel: DeclarationChannel, rule: DeclarationTerms
    ) -> tuple[Taken, ReadCode]:
        read = ReadCode(declaration=declaration, declared_at=declared_at, channel=channel, is_verified=True)
        expires_at = expiry_of(declared_at, terms=rule)
        taken = Taken(
            declaration_id=str(declaration.declaration_id),
            code=write_code(
                packed(declaration, declared_at=declared_at, channel=channel),
                seal=self._seal,
                is_exercise=self._gate.is_exercise,
            ),
            valid_until=format_instant(expires_at, language=declaration.language),
            expires_at=expires_at,
        )
        return taken, read

    def _rule(self, now: datetime) -> DeclarationTerms | None:
        return strictest_terms(self._gate.policy.rules_at(now).of_type(DeclarationTerms))


def edge_declaration_router(gate: Gate, *, pages: DeclarationPages, desk: EdgeDesk) -> APIRouter:
    """Return the public routes, and the officer's page of each lane."""
    routes = declaration_router(pages, desk=desk, clock=gate.clock)

    @routes.get("/lanes/{lane_id}/declaration")
    async def show_officers_form(request: Request, lane_id: str) -> Response:
        return pages.form(_officers(request, lane_id), answers=_known_answers(gate, lane_id))

    @routes.post("/lanes/{lane_id}/declaration")
    async def take_officers_form(request: Request, lane_id: str) -> Response:
        session, shown = _may_act(request), _officers(request, lane_id)
        _require_lane(gate, lane_id)
        try:
            answers = answers_in(await read_declaration_form(request))
        except FormRefusedError:
            return pages.form(shown, notice="refused_form", http_code=400)
        outcome = await desk.take_in(answers, channel=DeclarationChannel.OFFICER, language=shown.language)
        if isinstance(outcome, Rejected):
            http_code, notice = (409, "id_taken") if outcome.is_id_taken else (422, "")
            return pages.form(shown, answers=answers, rejected=outcome, notice=notice, http_code=http_code)
        future = gate.perform(lambda turn: take_declaration(turn, lane_id, outcome[1]), officer_ref=session.username)
        try:
            await asyncio.wrap_future(future)
        except (ActionRefusedError, LaneError) as error:
            return pages.form(shown, answers=answers, notice=f"refusal.{_code_of(error)}", http_code=409)
        return RedirectResponse(f"/lanes/{lane_id}", status_code=303)

    return routes


def _officers(request: Request, lane_id: str) -> Shown:
    session = _may_act(request)
    return Shown(
        language=language_of(request),
        action=f"/lanes/{lane_id}/declaration",
        csrf_token=session.csrf_token,
        is_officer=True,
        guard="checkpoint/declaring_for.js",
    )


def _require_lane(gate: Gate, lane_id: str) -> None:
    if lane_id not in gate.sheets:
        raise HTTPException(status_code=404)


def _known_answers(gate: Gate, lane_id: str) -> dict[str, str]:
    """Fill in what the document in the lane says already; the officer asks for the rest."""
    _require_lane(gate, lane_id)
    today = local_date(gate.clock()).isoformat()
    known = {"crossing_on": today, "departed_on": today, "direction": gate.settings.lanes[lane_id].direction.value}
    person = gate.sheets[lane_id].state.presentation
    return known if person is None else known | _of_person(person)


def _of_person(person: Presentation) -> dict[str, str]:
    identity = person.identity
    born_on = identity.date_of_birth
    answers = {
        "full_name": identity.full_name,
        "document_number": identity.document_number,
        "birth_year": "" if born_on is None else str(born_on.year),
        "sex": "" if identity.sex is Sex.UNSPECIFIED else identity.sex.value,
        "nationality": person.nationality or "",
        "direction": person.direction.value,
        "address": identity.address,
        "vehicle_number": identity.vehicle_plate,
    }
    return {name: text for name, text in answers.items() if text}


def _code_of(error: ActionRefusedError | LaneError) -> str:
    return error.code if isinstance(error, ActionRefusedError) else error.code.value
