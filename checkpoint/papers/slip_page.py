"""The words on a clearance slip: one value for each place of the template ``slip``. Pure."""

import msgspec

from checkpoint.papers.clearance_slip import ClearanceSlip
from checkpoint.papers.typesetting import code_svg
from sync.agreement.labels_catalogue import Catalogue, format_instant

TEMPLATE = "slip"


class SlipBearer(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the paper is handed to. The number is masked already; the code itself names nobody."""

    full_name: str
    document_kind: str
    document_number_masked: str


def slip_values(
    slip: ClearanceSlip, *, code: str, bearer: SlipBearer, gate_name: str, labels: Catalogue, beside: Catalogue
) -> dict[str, object]:
    """Say a slip in the words of ``labels``, with the foot in a second language ``beside`` it."""
    word = labels.text
    return {
        "issuer": f"{word('slip', 'issuer')} · {gate_name}",
        "title": word("slip", "title"),
        "exercise": word("slip", "exercise") if slip.is_exercise else "",
        "name": bearer.full_name,
        "rows": [
            [word("DocumentKind", bearer.document_kind), bearer.document_number_masked],
            [word("slip", "direction"), word("Direction", slip.direction.value)],
            [word("slip", "cleared_at"), format_instant(slip.cleared_at)],
            [word("slip", "valid_until"), format_instant(slip.valid_until)],
        ],
        "code": code_svg(code),
        "foot": f"{word('slip', 'foot')}. {beside.text('slip', 'foot')}.",
    }
