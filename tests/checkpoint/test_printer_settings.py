"""Printers in the settings: one for the gate, another for a lane that has its own; a wrong one is named."""

from pathlib import Path

import pytest

from checkpoint.settings import PrintSlip, SettingsError, load_settings
from sync.agreement.paper_words import PrinterKind
from tests.checkpoint.edges import write_settings

SHARED = '\n[printer]\nurl = "{}"\nlanguage = "{}"\nwhen = "{}"\n'
OWN = 'direction = "exit"\nprinter = { url = "usb:/dev/usb/lp0", language = "esc_pos", when = "always" }'


def with_printer(folder: Path, url: str, language: str, when: str) -> Path:
    path = write_settings(folder)
    text = path.read_text(encoding="utf-8") + SHARED.format(url, language, when)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_word_in_the_settings_a_slip_is_a_page_to_download(tmp_path):
    printer = load_settings(write_settings(tmp_path)).printer_at("lane-1")

    assert (printer.language, printer.when, printer.is_connected) == (PrinterKind.PDF, PrintSlip.ON_REQUEST, False)


def test_a_lane_with_its_own_printer_uses_it_and_labels_come_from_the_shared_one(tmp_path):
    path = with_printer(tmp_path, "tcp://printer.example:9100", "zpl", "on_request")
    path.write_text(path.read_text(encoding="utf-8").replace('direction = "exit"', OWN, 1), encoding="utf-8")

    settings = load_settings(path)

    assert settings.printer_at("lane-1").url == settings.label_printer.url == "tcp://printer.example:9100"
    assert settings.printer_at("lane-2").when is PrintSlip.ALWAYS


@pytest.mark.parametrize(
    ("printer", "words"),
    [
        (("", "zpl", "always"), "printer.url: write usb:"),
        (("lpt1", "esc_pos", "never"), "printer.url: write usb:"),
        (("", "pdf", "always"), "printer.when: only a printer with an address"),
        (("", "pcl", "always"), "printer.language"),
    ],
)
def test_a_printer_that_could_never_print_is_refused_at_the_start(tmp_path, printer, words):
    with pytest.raises(SettingsError, match=words):
        load_settings(with_printer(tmp_path, *printer))
