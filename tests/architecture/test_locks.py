"""What is installed is pinned by hash and names no host; one library alone provides cv2."""

import importlib.metadata
import json
import re
import tomllib

import pytest

from tests.architecture.source_tree import tracked_files

PYTHON_LOCKS = ["requirements.lock", "requirements-dev.lock", "deploy/locks/uv.lock", "deploy/locks/node.lock"]
INDEX_HOSTS = re.compile(r"pypi\.org|pythonhosted|npmjs|registry\.|yarnpkg", re.IGNORECASE)


def pins(text: str) -> dict[str, list[str]]:
    """Read a hashed requirements file: the pin with its hashes.

    >>> pins("a==1 \\\\\\n    --hash=sha256:00\\n")
    {'a==1': ['00']}
    """
    found: dict[str, list[str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        pin, *hashes = re.split(r"\s+--hash=sha256:", line.strip())
        if pin:
            found[pin.partition(";")[0].strip()] = hashes
    return found


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_a_python_lock_pins_each_package_by_hash_and_names_no_host(root, name):
    text = (root / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not INDEX_HOSTS.search(text)
    assert pins(text)
    for pin, hashes in pins(text).items():
        assert "==" in pin, pin
        assert hashes, f"{pin} has no hash"


def test_the_browser_lock_has_a_hash_for_each_package_and_names_no_host(root):
    text = (root / "package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    assert not INDEX_HOSTS.search(text)


def test_no_file_names_a_package_index(root):
    named = [
        str(name)
        for name in tracked_files()
        if name.suffix in {".py", ".toml", ".lock", ".json", ".sh", ".cfg", ".yml", ".yaml", ".md", ".npmrc", ""}
        and name.parts[:2] != ("tests", "architecture")
        and re.search(
            r"pypi\.org|pythonhosted\.org|registry\.npmjs|yarnpkg\.com",
            (root / name).read_text(encoding="utf-8", errors="replace"),
        )
    ]
    assert named == []


def test_the_dev_lock_is_a_superset_of_the_run_lock(root):
    run, dev = (set(pins((root / name).read_text(encoding="utf-8"))) for name in PYTHON_LOCKS[:2])
    assert run < dev


def test_each_declared_dependency_is_locked(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    locked = {pin.partition("==")[0] for pin in pins((root / "requirements-dev.lock").read_text(encoding="utf-8"))}
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert {re.split(r"[\[<>=!~ ]", name)[0].lower() for name in declared} - locked == set()


def test_exactly_one_distribution_provides_cv2():
    assert importlib.metadata.packages_distributions()["cv2"] == ["opencv-python-headless"]


def test_what_must_never_be_installed_is_not(root):
    locked = {pin.partition("==")[0] for pin in pins((root / "requirements-dev.lock").read_text(encoding="utf-8"))}
    never = {"mrz", "fastmrz", "opencv-python", "amqtt", "pyserial-asyncio", "passlib", "sse-starlette", "tensorflow"}
    assert locked & never == set()
