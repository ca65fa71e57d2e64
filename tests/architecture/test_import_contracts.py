"""Each import contract is broken on purpose in a copy of the tree, and must be the one that complains."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGES = ("checkpoint", "central", "sync", "devices", "web", "migrations", "deploy", "tests")

BROKEN_ON_PURPOSE = [
    # contracts that must break, file, line added to it
    ({"house"}, "checkpoint/store/__init__.py", "import central.store"),
    ({"house"}, "central/store/__init__.py", "import checkpoint.store"),
    ({"house"}, "sync/agreement/facts.py", "import devices.reading"),
    ({"house"}, "devices/errors.py", "import web.passwords"),
    ({"house"}, "web/roles.py", "import sync.agreement.vocabulary"),
    ({"house-migrations"}, "migrations/edge/__init__.py", "import sync.agreement.facts"),
    ({"house-migrations"}, "migrations/central/__init__.py", "import web.language"),
    ({"house-migrations-apart"}, "migrations/edge/__init__.py", "import migrations.central"),
    ({"house-deploy"}, "deploy/steps.py", "import sync.agreement.vocabulary"),
    ({"house-tests"}, "central/__init__.py", "import tests.demands"),
    ({"sync", "sync-exchange", "no-cycles"}, "sync/agreement/facts.py", "import sync.exchange.chain"),
    ({"sync-agreement", "no-cycles"}, "sync/agreement/vocabulary.py", "import sync.agreement.records"),
    ({"sync-exchange"}, "sync/exchange/chain.py", "import sync.exchange.sealing"),
    ({"web"}, "web/language.py", "import web.passwords"),
    ({"web"}, "web/cupboard.py", '"""A file that no layer names."""'),
    ({"devices", "no-cycles"}, "devices/reading.py", "import devices.driver"),
    ({"checkpoint"}, "checkpoint/settings.py", "import checkpoint.web"),
    ({"central"}, "central/settings.py", "import central.exports"),
    ({"checkpoint"}, "checkpoint/cupboard.py", '"""A file that no layer names."""'),
    ({"central"}, "central/cupboard.py", '"""A file that no layer names."""'),
    ({"devices"}, "devices/cupboard.py", '"""A file that no layer names."""'),
    ({"sync"}, "sync/cupboard.py", '"""A file that no layer names."""'),
    ({"sync-agreement"}, "sync/agreement/cupboard.py", '"""A file that no layer names."""'),
    ({"sync-exchange"}, "sync/exchange/cupboard.py", '"""A file that no layer names."""'),
    ({"pure"}, "devices/drivers/gy_mcu90640/parser.py", "import serial"),
    ({"pure"}, "sync/agreement/facts.py", "import time"),
    ({"pure"}, "checkpoint/documents/mrz.py", "import httpx"),
    ({"pure"}, "sync/exchange/protocol.py", "import asyncio"),
    ({"pure"}, "checkpoint/lane.py", "import time"),
    ({"pure"}, "central/rollup.py", "import time"),
    ({"pure", "sql"}, "sync/agreement/facts.py", "import sqlalchemy"),
    ({"devices-apart"}, "devices/measurement/__init__.py", "import devices.drivers.mrz_reader"),
    ({"drivers-apart"}, "devices/drivers/gy_mcu90640/parser.py", "import devices.drivers.mrz_reader"),
    ({"sql"}, "web/roles.py", "import sqlalchemy"),
    ({"no-web-framework-below"}, "sync/exchange/transport.py", "import fastapi"),
    ({"opencv"}, "web/qr.py", "import cv2"),
    ({"no-cycles"}, "deploy/steps.py", "import deploy.set_up"),
]


@pytest.fixture(scope="module")
def tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and their contracts, with a cache of its own."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__", "vendor", "*.html", "*.css", "*.js")
        shutil.copytree(root / package, copy / package, ignore=ignore)
    shutil.copy(root / "pyproject.toml", copy)
    return copy


def broken_contracts(tree: Path) -> set[str]:
    """Run the real linter over the copy; the ids of the contracts that it reports as broken."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--no-logo", "--cache-dir", tree / ".cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "400", "NO_COLOR": "1"},
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)(?: \(.*\))?$", done.stdout, flags=re.MULTILINE))
    contracts = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert {contract["name"] for contract in contracts} == set(verdicts), done.stdout + done.stderr
    return {contract["id"] for contract in contracts if verdicts[contract["name"]] == "BROKEN"}


def contract_ids(root: Path) -> set[str]:
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    return {contract["id"] for contract in contracts}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("import-contracts")
class TestOnACopy:
    def test_the_house_keeps_its_contracts(self, tree):
        assert broken_contracts(tree) == set()

    @pytest.mark.parametrize(
        ("expected", "name", "line"), BROKEN_ON_PURPOSE, ids=[f"{row[1]}: {row[2]}" for row in BROKEN_ON_PURPOSE]
    )
    def test_a_bad_edit_is_caught_by_the_contract_meant_for_it(self, tree, expected, name, line):
        file = tree / name
        before = file.read_bytes() if file.exists() else None
        # In front, because a docstring or an if may end the file; the linter reads imports anywhere.
        file.write_bytes(line.encode() + b"\n" + (before or b""))
        try:
            assert broken_contracts(tree) == expected
        finally:
            if before is None:
                file.unlink()
            else:
                file.write_bytes(before)


def test_each_contract_is_broken_on_purpose_at_least_once(root):
    assert set().union(*(expected for expected, _, _ in BROKEN_ON_PURPOSE)) == contract_ids(root)


def test_no_contract_has_exceptions(root):
    assert "ignore_imports" not in (root / "pyproject.toml").read_text(encoding="utf-8")
