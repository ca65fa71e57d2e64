"""A driver of somebody else: begun by the scaffold, installed beside us, and held to the same laws."""

import os
import subprocess
import sys

import pytest

from devices.commands_scaffold import scaffold
from devices.errors import DeviceConfigurationError, DeviceError
from devices.registry import driver_names, load_driver, third_party_drivers

METADATA = "Metadata-Version: 2.1\nName: kiemdich-{dashed}\nVersion: 0.1.0\n"


def run(root, *words, paths=()):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=120, check=False, text=True)


def installed(folder, *, name, entries):
    """Put beside a package what an installer would write: its metadata and its entry points."""
    notes = folder / f"kiemdich_{name}-0.1.0.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text(METADATA.format(dashed=name.replace("_", "-")), encoding="utf-8")
    (notes / "entry_points.txt").write_text(entries, encoding="utf-8")


@pytest.fixture(scope="module")
def begun(root, tmp_path_factory):
    """The package that the scaffold makes, installed."""
    place = tmp_path_factory.mktemp("others")
    ended = run(root, "devices", "scaffold", "acme_point", "--to", place)
    assert (ended.returncode, ended.stderr) == (0, "")
    folder = place / "kiemdich-acme-point"
    entries = (
        "[kiemdich.drivers]\nacme_point = kiemdich_acme_point:AcmePoint\n"
        "[kiemdich.specimens]\nacme_point = kiemdich_acme_point.specimen:SPECIMEN\n"
    )
    installed(folder, name="acme_point", entries=entries)
    return folder


def test_what_the_scaffold_writes_is_listed_and_decodes(root, begun, tmp_path):
    recorded = tmp_path / "lines.bin"
    recorded.write_bytes(b"T,36.52*F00D\n")
    ended = run(root, "devices", "decode", "acme_point", recorded, paths=[begun])
    assert '"bad_checksum"' in ended.stdout
    assert '"acme_point"' in run(root, "devices", "list", paths=[begun]).stdout


def test_what_the_scaffold_writes_keeps_every_law_of_a_driver(root, begun):
    suite = ["tests/devices/test_conformance.py", begun / "tests"]
    ended = run(root, "pytest", "-q", "-p", "no:cacheprovider", *suite, "-k", "acme_point", paths=[begun])
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert "failed" not in ended.stdout
    assert int(ended.stdout.split(" passed")[0].split()[-1]) >= 55


@pytest.mark.parametrize("name", ["barcode_serial", "Wrong-Name", "x", "acme_point"])
def test_a_name_of_ours_or_a_folder_that_is_there_is_refused(begun, name):
    before = sorted(begun.parent.iterdir())
    with pytest.raises(DeviceError):
        scaffold(name, to=begun.parent)
    assert sorted(begun.parent.iterdir()) == before


@pytest.fixture
def others(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_nobody_can_replace_a_driver_of_ours(others):
    installed(others, name="bold", entries="[kiemdich.drivers]\nbarcode_serial = json:JSONDecoder\n")
    assert third_party_drivers() == {}
    assert load_driver("barcode_serial").__module__ == "devices.drivers.barcode_serial"


@pytest.mark.parametrize("target", ["nowhere:Driver", "json:Nothing", "json:JSONDecoder", "raises:Driver"])
def test_a_package_that_is_no_driver_is_named(others, target):
    (others / "raises.py").write_text('raise RuntimeError("no licence")\n', encoding="utf-8")
    installed(others, name="odd", entries=f"[kiemdich.drivers]\nodd_one = {target}\n")
    assert "odd_one" in driver_names()
    with pytest.raises(DeviceConfigurationError, match=r"odd_one.*kiemdich-odd"):
        load_driver("odd_one")
