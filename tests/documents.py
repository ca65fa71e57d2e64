"""The generated parts of the documents: ``--write`` renews them, ``--check`` fails when one is stale.

The parts stand between cog marks in the pages themselves; what they hold is made by the functions of
``tests/document_parts.py``, from the code.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "ARCHITECTURE.md",
    "GLOSSARY.md",
    "devices/README.md",
    "docs/COMMANDS.md",
    "docs/DRILL.md",
    "docs/ISOLATION.md",
    "docs/LANE.md",
    "docs/PLACES.md",
    "docs/REGISTER.md",
    "docs/RELIABILITY.md",
)


def main(arguments: list[str]) -> int:
    """The command line; 1 when a page is stale or has lost its marks."""
    parser = argparse.ArgumentParser(prog="python -m tests.documents", description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    for page in PAGES:
        if "[[[end]]]" not in (ROOT / page).read_text(encoding="utf-8"):
            print(f"{page} has no generated part any more")
            return 1
    how = ["-r"] if options.write else ["--check", "--check-fail-msg=run .venv/bin/python -m tests.documents --write"]
    command = [sys.executable, "-m", "cogapp", "-I", str(ROOT), *how, *PAGES]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
