"""A real edge in a process of its own: screens one person after another and prints each acknowledged record.

Run as ``python -m tests.checkpoint.store.screening_process FOLDER``; killed by its parent at any moment.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from checkpoint.actions.deciding import CloseCommand, MeasureCommand, close_crossing, measure_person
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.lane import Phase
from checkpoint.settings import load_settings
from tests.checkpoint.edges import LANE, opened


def main() -> None:
    settings = load_settings(Path(sys.argv[1]) / "edge.toml")
    gate = opened(settings, clock=lambda: datetime.now(UTC))
    number = gate.head_sequence
    while True:
        number += 1
        if gate.sheets[LANE].state.phase is Phase.EMPTY:
            shown = PresentCommand(text=f"QN {100_000 + number}", has_declaration=True)
            gate.perform(lambda turn, shown=shown: present_person(turn, LANE, shown)).result(30)
        if gate.sheets[LANE].state.phase is Phase.AWAITING_READING:
            by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
            measured = msgspec.convert(by_hand, MeasureCommand)
            gate.perform(lambda turn, measured=measured: measure_person(turn, LANE, measured)).result(30)
        draft_id = gate.sheets[LANE].state.person.crossing_id
        closing = msgspec.convert({"draft_id": draft_id}, CloseCommand)
        sheet = gate.perform(lambda turn, closing=closing: close_crossing(turn, LANE, closing)).result(30)
        sys.stdout.write(f"{sheet.saved.sequence} {sheet.saved.record_id}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
