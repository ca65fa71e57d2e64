"""Orders over the command page: what is in force and who follows it, and issuing a new one."""

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from central.actions.opening import Centre
from central.actions.order_form import OrderForm, document_text
from central.actions.order_shares import check_shares
from central.actions.ordering import OrderRefusedError, check_order, issue_order, issued_already, orders_in_force
from central.routes.answers import BadBodyError, answer, read_json, refuse, run_in_thread
from sync.agreement.local_time import local_date
from sync.agreement.policy.documents import PolicyDocument
from web.refusals import refusal_response
from web.roles import require, session_of


class OrderRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/orders", tags=["orders"])
        see, issue = [require("command.see")], [require("orders.issue")]
        router.add_api_route("", self.show, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route("/check", self.check, methods=["POST"], dependencies=issue, response_model=None)
        router.add_api_route("", self.issue, methods=["POST"], dependencies=issue, response_model=None)
        return router

    async def show(self) -> Response:
        """Answer the documents in force, and what a new order may name."""
        return answer(await run_in_thread(self._orders))

    async def check(self, request: Request) -> Response:
        """Say what an order would be, without issuing it."""
        return await self._take(request, is_check=True)

    async def issue(self, request: Request) -> Response:
        """Write an order into the centre's journal."""
        return await self._take(request, is_check=False)

    async def _take(self, request: Request, *, is_check: bool) -> Response:
        username = session_of(request).username
        try:
            form = await read_json(request, kind=OrderForm)
            return answer(await run_in_thread(lambda: self._issue(form, by=username, is_check=is_check)))
        except BadBodyError:
            return refuse("order_incomplete", http_code=400)
        except OrderRefusedError as error:
            return refusal_response(error.code, http_code=409, values={"detail": error.detail})

    def _orders(self) -> dict[str, object]:
        day = self._centre.report_day()
        points = self._centre.deployment.points_on(day)
        return {
            "documents": orders_in_force(self._centre.shelf),
            "gates": [{"point_of_entry_id": point.id, "name": point.names} for point in points],
            "edges": [{"point_of_entry_id": gate, "edge_id": edge_id} for gate, edge_id in self._edges()],
            "issuing_body": self._centre.deployment.report.issuing_body,
            "today": local_date(self._centre.clock()),
        }

    def _edges(self) -> list[tuple[str, str]]:
        """Return the gate and the name of every edge that screens people and is not revoked."""
        standings = self._centre.store.figures.standings()
        return [
            (one.point_of_entry_id, one.edge_id) for one in standings if one.revoked_at is None and one.kind == "edge"
        ]

    def _issue(self, form: OrderForm, *, by: str, is_check: bool) -> dict[str, object]:
        centre = self._centre
        policy = centre.shelf.refresh()
        check_shares(form, edges_of_gates=self._edges())
        again = issued_already(
            centre.shelf, form.policy_id, text_of=lambda version: document_text(form, version=version)
        )
        if again is not None:
            return _told(again, text=document_text(form, version=again.version))
        present = {document.id: document.version for document in policy.documents}
        text = document_text(form, version=present.get(form.policy_id, 0) + 1)
        document = check_order(text, policy=policy, deployment=centre.deployment)
        if not is_check:
            issue_order(
                text,
                shelf=centre.shelf,
                deployment=centre.deployment,
                issued=centre.issued,
                by=by,
                now=centre.clock(),
            )
        return _told(document, text=text)


def _told(document: PolicyDocument, *, text: str) -> dict[str, object]:
    return {
        "policy_id": document.id,
        "version": document.version,
        "rules": [msgspec.to_builtins(rule) for rule in document.rules],
        "document": text,
    }
