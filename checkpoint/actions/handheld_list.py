"""The page of the handhelds as a file: devices, and acts that wait to be mended; of nobody more than the page shows."""

from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.gate import Turn
from checkpoint.actions.handhelds import HandheldRow, HandheldsView, WaitingAct
from checkpoint.store.lanes import log_access

CSV_COLUMNS = ("what", "id", "label", "officer", "at", "heard_at", "state", "temperature_c", "document")


def handhelds_csv(view: HandheldsView) -> bytes:
    """Write devices and waiting acts, a line each; ``at`` is when one was enrolled, or done."""
    labels = {one.handheld_id: one.label for one in view.handhelds}
    devices = [_device(one) for one in view.handhelds]
    acts = [_act(one, label=labels.get(one.handheld_id, one.handheld_id)) for one in view.waiting]
    return csv_bytes(CSV_COLUMNS, [*devices, *acts])


def note_handhelds_export(turn: Turn) -> None:
    """Note in the access log that the page was taken as a file."""
    officer_ref = turn.officer_ref or ""
    log_access(
        turn.transaction, at=turn.at, officer_ref=officer_ref, action="handhelds_exported", subject="", reason=""
    )


def _device(one: HandheldRow) -> tuple[object, ...]:
    state = "in_use" if one.revoked_at is None else "revoked"
    return ("handheld", one.handheld_id, one.label, one.enrolled_by, one.enrolled_at, one.seen_at, state, None, None)


def _act(one: WaitingAct, *, label: str) -> tuple[object, ...]:
    about = (one.answer.observed_at, one.received_at, one.answer.code, one.temperature_c, one.document_hint)
    return ("waiting_act", one.act_id, label, one.officer_ref, *about)
