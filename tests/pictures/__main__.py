"""The pictures of the screens in docs/screens: ``--list`` names them, ``--write`` takes them anew.

The demonstration's own processes are played with a fixed seed and simulated scanners; a real Chromium
looks. ``--only NAME`` (may be repeated) writes only those. Every person in them is invented.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from deploy.demo import services
from deploy.demo.processes import Supervisor
from deploy.demo.site import open_site
from tests.pictures.page_scenes import EVERY_SCENE
from tests.pictures.studio import Studio, played
from tests.services.chromium import chromium_program
from tests.services.processes import free_port


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


def take(wanted: frozenset[str]) -> list[str]:
    """Bring the demonstration up, play it, and take the pictures; return the names of those written."""

    with tempfile.TemporaryDirectory(prefix="kdp-") as folder, sync_playwright() as playwright:
        site = open_site(Path(folder) / "s", law="law-vn-2026", first_port=free_port(), is_fresh=True, frame_rate_hz=8)
        supervisor = Supervisor(announce=_say)
        browser = playwright.chromium.launch(
            executable_path=chromium_program(),
            headless=True,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--lang=vi"],
        )
        try:
            services.bring_up(supervisor, site)
            played(site)
            studio = Studio(site=site, browser=browser, wanted=wanted, announce=_say)
            troubles = [name for scene, names in EVERY_SCENE for name in _scene(studio, scene, names)]
        finally:
            supervisor.stop()
            browser.close()
    if troubles:
        print(f"not taken: {', '.join(troubles)}", file=sys.stderr)
    return troubles


def _scene(studio: Studio, scene, names: tuple[str, ...]) -> list[str]:
    """Play one scene if one of its pictures is wanted; return the names that it failed to give."""
    if studio.wanted and not studio.wanted & set(names):
        return []
    try:
        scene(studio)
    except Exception as error:  # noqa: BLE001 - one screen that does not come must not cost the other pictures
        print(f"  {scene.__name__}: {type(error).__name__}: {str(error)[:600]}", file=sys.stderr)
    asked = set(names) & studio.wanted if studio.wanted else set(names)
    return sorted(asked - set(studio.written))


def main(arguments: list[str]) -> int:
    """The command line; 1 when a picture could not be taken."""

    known = [name for _, names in EVERY_SCENE for name in names]
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--list", action="store_true")
    action.add_argument("--write", action="store_true")
    parser.add_argument("--only", action="append", choices=known, default=[])
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(known))
        return 0
    return 1 if take(frozenset(options.only)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
