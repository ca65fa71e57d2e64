"""The printers of the lanes: one thread and one short queue for each, so that none holds a lane or another printer up.

A slip is asked for after the commit that cleared its person. What does not come out is told at the lane it belongs
to, and is printed again with a key; nothing is tried again by itself, because a second slip might come out as well.
"""

import queue
import threading
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from checkpoint.actions.gate import Gate
from checkpoint.actions.issuing_slips import issue_slip
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.shown_slip import PrintState, SlipPrint
from checkpoint.papers.raster import Dots, PrinterLanguage, printer_bytes
from checkpoint.papers.slip_page import TEMPLATE
from checkpoint.papers.typesetting import typeset_dots
from checkpoint.printers import PrinterError, send
from checkpoint.settings import PrinterSettings, PrintSlip
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from sync.agreement.vocabulary import Disposition

_log = structlog.get_logger("checkpoint")
PRINTER_FAILED: Final = "printer_failed"
PRINTER_BUSY: Final = "printer_busy"
NO_PRINTER: Final = "no_printer"
MOST_WAITING: Final = 8
_LOOK_S: Final = 0.5


class PrintJob(msgspec.Struct, frozen=True, kw_only=True):
    """Whose slip to print, and who asked; nobody did where the lane prints always."""

    lane_id: str
    crossing_id: str
    officer_ref: str | None = None


class SlipPrinter:
    """One lane's printer: ``request`` from any thread, ``print_next`` from the printer's own."""

    def __init__(self, gate: Gate, *, lane_id: str, printer: PrinterSettings) -> None:
        """Know whose slip was asked for last; who was cleared before this start is printed on request alone."""
        self._gate, self._lane_id, self._printer = gate, lane_id, printer
        self._waiting: queue.Queue[PrintJob] = queue.Queue(MOST_WAITING)
        closed = gate.sheets[lane_id].closed
        self._asked_for = closed.crossing_id if closed is not None else ""
        if printer.when is PrintSlip.ALWAYS:
            gate.on_lane_change(self._lane_changed)

    def request(self, job: PrintJob) -> None:
        """Let a slip be printed soon; a printer that cannot follow is told about at once."""
        try:
            self._waiting.put_nowait(job)
        except queue.Full:
            self._note(job, state=PrintState.FAILED, fault=PRINTER_BUSY)
        else:
            self._note(job, state=PrintState.PRINTING)

    def print_next(self, *, timeout_s: float = _LOOK_S) -> bool:
        """Print one slip if one waits; tell whether there was one."""
        try:
            job = self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            return False
        try:
            self._print(job)
        except ActionRefusedError as refusal:
            self._note(job, state=PrintState.FAILED, fault=refusal.code)
        except PrinterError as error:
            _log.warning(PRINTER_FAILED, lane_id=self._lane_id, reason=str(error))
            self._note(job, state=PrintState.FAILED, fault=PRINTER_FAILED)
        else:
            self._note(job, state=PrintState.PRINTED)
        return True

    def _print(self, job: PrintJob) -> None:
        kind = self._printer.language
        issuing = self._gate.perform(
            lambda turn: issue_slip(turn, job.lane_id, job.crossing_id, printer=kind), officer_ref=job.officer_ref
        )
        issued = issuing.result(COMMIT_TIMEOUT_S)
        print_page(self._printer, typeset_dots(TEMPLATE, values=issued.values, dots_per_mm=self._printer.dots_per_mm))

    def _lane_changed(self, lane_id: str) -> None:
        """Ask for the slip of whoever was just cleared; from the writer's thread, after the commit."""
        closed = self._gate.sheets[self._lane_id].closed
        if lane_id != self._lane_id or closed is None or closed.crossing_id == self._asked_for:
            return
        self._asked_for = closed.crossing_id
        if closed.disposition is Disposition.CLEARED:
            self.request(PrintJob(lane_id=lane_id, crossing_id=closed.crossing_id))

    def _note(self, job: PrintJob, *, state: PrintState, fault: str = "") -> None:
        standing = SlipPrint(crossing_id=job.crossing_id, state=state, at=self._gate.clock(), fault=fault)
        self._gate.note_print(self._lane_id, standing)


class SlipPrinters:
    """Every connected printer of one edge. ``start`` once, ``stop`` once."""

    def __init__(self, gate: Gate, *, supervise: Callable[[Callable[[], object]], None]) -> None:
        """``supervise`` runs one look at a queue and keeps the thread alive whatever goes wrong in it."""
        self._supervise = supervise
        self._stopping = threading.Event()
        settings = gate.settings
        self._printers = {
            lane_id: SlipPrinter(gate, lane_id=lane_id, printer=settings.printer_at(lane_id))
            for lane_id in settings.lanes
            if settings.printer_at(lane_id).is_connected and settings.printer_at(lane_id).when is not PrintSlip.NEVER
        }
        self._threads = [
            threading.Thread(target=self._run, args=(printer,), name=f"printer-{lane_id}", daemon=True)
            for lane_id, printer in self._printers.items()
        ]

    def start(self) -> None:
        """Let every printer work."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Let each finish what it prints; what still waits is printed on request after the next start."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def request(self, job: PrintJob) -> None:
        """Let a slip be printed at its lane; refuses where the lane has no printer that the program sends to."""
        printer = self._printers.get(job.lane_id)
        if printer is None:
            raise ActionRefusedError(NO_PRINTER)
        printer.request(job)

    def _run(self, printer: SlipPrinter) -> None:
        while not self._stopping.is_set():
            self._supervise(printer.print_next)


def print_page(printer: PrinterSettings, dots: Dots) -> None:
    """Send one page of dots to a connected printer; raises ``PrinterError``."""
    send(printer.url, printer_bytes(dots, language=PrinterLanguage(printer.language.value)))
