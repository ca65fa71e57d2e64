"""Set-up says what is wrong and what to do, does nothing twice, and lets nobody in between."""

import ast
import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from deploy import browser_assets, set_up, steps
from deploy.steps import SetUpError
from tests.services.processes import wait_until

UV = Path(sys.executable).parent / "uv"
UNREACHABLE = "http://127.0.0.1:9/simple"
"""Port 9 (discard) listens nowhere: what a machine without a network meets."""


@pytest.fixture
def checkout(tmp_path, root, monkeypatch):
    """A folder that set-up takes for its checkout: real locks, nothing made yet."""
    for name in ("requirements.lock", "requirements-dev.lock", "package.json", "package-lock.json"):
        shutil.copy(root / name, tmp_path)
    shutil.copytree(root / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    venv = tmp_path / ".venv"
    for name, path in {
        "ROOT": tmp_path,
        "VENV": venv,
        "PYTHON": venv / "bin/python",
        "UV": venv / "bin/uv",
        "CACHE": tmp_path / ".cache",
        "LOG": tmp_path / ".cache/set-up.log",
        "STAMPS": venv / "stamps",
        "LOCKS": {"run": tmp_path / "requirements.lock", "check": tmp_path / "requirements-dev.lock"},
    }.items():
        monkeypatch.setattr(set_up, name, path)
    return tmp_path


def pretend_venv(checkout: Path, *, lock_set: str) -> None:
    """What a finished set-up leaves: an interpreter and stamps; and a vendor folder."""
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    set_up._write_stamp("made", set_up._birth_mark())
    set_up._write_stamp(lock_set, set_up._expected_stamp(lock_set))
    vendor = checkout / browser_assets.VENDOR
    vendor.mkdir(parents=True)
    (vendor / "fonts.css").write_text("/**/")
    (vendor / ".stamp").write_text(f"{browser_assets.fingerprint(checkout)}\n{browser_assets.VENDOR}/fonts.css")


def test_nothing_is_ready_in_a_fresh_clone(checkout):
    assert not set_up.is_ready("run")
    assert not set_up.is_ready("check")


def test_an_environment_made_for_check_serves_run_but_not_the_other_way(checkout):
    pretend_venv(checkout, lock_set="check")
    assert set_up.is_ready("run")
    assert set_up.is_ready("check")
    (checkout / ".venv/stamps/check").rename(checkout / ".venv/stamps/run")
    set_up._write_stamp("run", set_up._expected_stamp("run"))
    assert set_up.is_ready("run")
    assert not set_up.is_ready("check")


@pytest.mark.parametrize("name", ["requirements-dev.lock", "package-lock.json", "web/static/vendor/fonts.css"])
def test_a_changed_lock_or_a_lost_file_is_noticed(checkout, name):
    pretend_venv(checkout, lock_set="check")
    assert set_up.is_ready("check")
    if name.startswith("web"):
        (checkout / name).unlink()
    else:
        (checkout / name).write_bytes((checkout / name).read_bytes() + b"\n")
    assert not set_up.is_ready("check")


def test_a_moved_checkout_gets_a_new_environment(checkout):
    pretend_venv(checkout, lock_set="check")
    set_up._write_stamp("made", f"/somewhere/else {os.path.realpath(set_up.PYTHON)}")
    assert not set_up.is_ready("check")


def test_the_ready_path_takes_no_time(root):
    if not set_up.is_ready("run"):
        pytest.skip("this environment was not made by ./run or ./check")
    code = (
        "import time; started = time.perf_counter(); from deploy import set_up; "
        "assert set_up.is_ready('run'); print(time.perf_counter() - started)"
    )
    seconds = min(float(subprocess.check_output([sys.executable, "-S", "-c", code], cwd=root)) for _ in range(3))
    assert seconds < 0.3


def test_an_interrupted_sync_is_done_again(checkout, monkeypatch):
    pretend_venv(checkout, lock_set="run")

    def fail(*_args, **_kwargs):
        msg = "power cut"
        raise SetUpError(msg)

    monkeypatch.setattr(set_up, "run_logged", fail)
    with pytest.raises(SetUpError, match="power cut"):
        set_up._sync("run", env={})
    assert not set_up.is_ready("run")


def test_two_set_ups_at_once_wait_for_each_other(checkout, monkeypatch, capsys):
    pretend_venv(checkout, lock_set="run")
    done = threading.Event()
    made = []
    monkeypatch.setattr(set_up, "_set_up", made.append)
    monkeypatch.setattr(set_up, "is_ready", lambda _purpose: done.is_set())
    set_up.CACHE.mkdir()
    with (set_up.CACHE / "set-up.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = threading.Thread(target=set_up.make_ready, args=("run",))
        second.start()
        wait_until(lambda: "waiting for it" in capsys.readouterr().out, timeout_s=5, what="the second set-up's word")
        done.set()
        fcntl.flock(first, fcntl.LOCK_UN)
        second.join(5)
    assert made == [], "the first one had made everything ready"


# ---------------------------------------------------------------- what a person reads when it fails


def test_no_network_is_said_plainly(tmp_path):
    (tmp_path / "lock").write_text("alembic==1.20.1 --hash=sha256:" + "0" * 64 + "\n")
    command = [
        UV,
        "pip",
        "install",
        "--no-cache",
        "--target",
        tmp_path / "x",
        "--require-hashes",
        "-r",
        tmp_path / "lock",
    ]
    env = {**os.environ, "UV_DEFAULT_INDEX": UNREACHABLE, "UV_HTTP_RETRIES": "0", "UV_PYTHON": sys.executable}
    with pytest.raises(SetUpError, match=r"package index cannot be reached.*https_proxy") as told:
        steps.run_logged(command, log=tmp_path / "log", cwd=tmp_path, env=env)
    assert str(tmp_path / "log") in str(told.value)


def test_npm_without_network_is_said_plainly(tmp_path, root):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm on this machine; set-up brings its own there")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(root / name, tmp_path)
    env = {
        **os.environ,
        "npm_config_registry": UNREACHABLE,
        "npm_config_fetch_retries": "0",
        "npm_config_cache": str(tmp_path / "cache"),
    }
    with pytest.raises(SetUpError, match="package index cannot be reached"):
        steps.run_logged([npm, "ci", "--ignore-scripts"], log=tmp_path / "log", cwd=tmp_path, env=env)


def test_a_file_that_is_not_the_locked_one_is_refused(tmp_path):
    wheel = tmp_path / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("toy.py", "")
        archive.writestr("toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        archive.writestr(
            "toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("toy-1.0.dist-info/RECORD", "")
    wrong = hashlib.sha256(b"another file").hexdigest()
    (tmp_path / "lock").write_text(f"toy==1.0 --hash=sha256:{wrong}\n")
    command = [
        UV,
        "pip",
        "install",
        "--no-index",
        "--find-links",
        tmp_path,
        "--target",
        tmp_path / "x",
        "--require-hashes",
        "-r",
        tmp_path / "lock",
    ]
    with pytest.raises(SetUpError, match="not the one that the lock names"):
        steps.run_logged(command, log=tmp_path / "log", cwd=tmp_path, env={**os.environ, "UV_PYTHON": sys.executable})
    assert not (tmp_path / "x/toy.py").exists()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("npm error code ENOSPC", "disk is full"),
        (
            "npm error code EINTEGRITY\nnpm error sha512-... integrity checksum failed",
            "not the one that the lock names",
        ),
        ("E: Could not resolve\nTemporary failure resolving 'mirror.example'", "cannot be reached"),
        ("invalid peer certificate: UnknownIssuer", "certificate is not trusted"),
        ("No solution found when resolving dependencies", "lacks a package"),
    ],
)
def test_what_tools_print_becomes_a_sentence(output, words):
    assert words in steps.explain(output)


def test_a_full_disk_while_copying_is_said_plainly():
    with pytest.raises(SetUpError, match="disk is full"), steps.step("copying"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_too_little_room_is_said_before_the_download(tmp_path):
    with pytest.raises(SetUpError, match="MB free and set-up needs about"):
        steps.need_space(tmp_path, megabytes=10**12)


def test_without_ensurepip_and_without_rights_the_package_is_named(monkeypatch):
    monkeypatch.setattr(set_up.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(set_up, "apt_prefix", lambda: None)
    with pytest.raises(SetUpError, match=r"apt-get install python3.*-venv"):
        set_up._make_venv()


def test_a_failure_ends_with_code_1_and_no_traceback(checkout, monkeypatch, capsys):
    def refuse(_purpose):
        msg = "the reason and the cure"
        raise SetUpError(msg)

    monkeypatch.setattr(set_up, "_set_up", refuse)
    assert set_up.make_ready("run") == 1
    assert capsys.readouterr().err == "\nSet-up stopped: the reason and the cure\n"


@pytest.mark.parametrize("name", ["run", "check"])
def test_an_old_python_reads_one_clear_sentence(root, name):
    source = (root / name).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    code = f"import sys; sys.version_info = (3, 9, 2); exec(open({name!r}).read())"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer and this is Python 3.9" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["run", "check"])
def test_help_and_slips_of_the_pen_need_no_set_up(root, tmp_path, name):
    for part in ("run", "check", "deploy", "tests"):
        copy = shutil.copytree if (root / part).is_dir() else shutil.copy
        copy(root / part, tmp_path / part)
    told = subprocess.run(
        [sys.executable, "-S", name, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert f"usage: ./{name}" in told.stdout
    slip = subprocess.run(
        [sys.executable, "-S", name, "--no-such"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert slip.returncode == 2
    assert not (tmp_path / ".venv").exists()


# ---------------------------------------------------------------- whose index is asked


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("global.index-url='https://mirror.example/simple'\n", {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}),
        (
            ":env:.index-url='https://a.example/'\nglobal.index-url='https://b.example/'\n",
            {"UV_DEFAULT_INDEX": "https://a.example/"},
        ),
        ("global.cert='/etc/ours.pem'\n", {"SSL_CERT_FILE": "/etc/ours.pem"}),
        (
            "global.find-links='/wheels /more'\nglobal.no-index='true'\n",
            {"UV_FIND_LINKS": "/wheels,/more", "UV_NO_INDEX": "1"},
        ),
        (
            "global.extra-index-url='https://a.example/'\n",
            {"UV_INDEX": "https://a.example/", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
        ("", {}),
    ],
)
def test_the_index_that_pip_was_told_of_is_asked_by_uv_too(monkeypatch, listed, expected):
    for name in list(os.environ):
        if name.startswith("UV_") or name == "SSL_CERT_FILE":
            monkeypatch.delenv(name)
    monkeypatch.setattr(set_up, "_pip_settings", lambda: set_up.parse_pip_settings(listed))
    given = set_up.environment()
    ours = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    assert {name: given[name] for name in given if name.startswith(("UV_", "SSL_CERT_FILE"))} == {**ours, **expected}


def test_what_uv_was_told_itself_wins(monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    monkeypatch.setattr(set_up, "_pip_settings", lambda: {"index-url": "https://pip.example/simple"})
    assert set_up.environment()["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


def test_only_the_listed_files_are_served_and_each_with_its_licence(root):
    vendor = root / browser_assets.VENDOR
    if not browser_assets.is_ready(root):
        pytest.skip("the browser assets are not here; ./run brings them")
    served = {str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file()}
    assert {name for name in served if not name.startswith("fonts/")} == {
        *browser_assets.FILES.values(),
        *browser_assets.FONT_SHEETS,
        ".stamp",
    }
    assert sum(name.startswith("licences/") for name in served) == 2
    assert not any(name.endswith(".js") for name in served), "the screens use no library"
    css = "".join((vendor / name).read_text(encoding="utf-8") for name in browser_assets.FONT_SHEETS)
    assert "://" not in css
    assert all(f"url({name})" in css for name in served if name.startswith("fonts/"))


def test_a_library_that_only_the_browser_driver_needs_is_missed_by_name(monkeypatch):
    """A minimal Debian has no libatomic: Playwright's Node then ends before it says a word."""
    monkeypatch.setattr(set_up, "SYSTEM_LIBRARIES", {"libnowhere1": "libnowhere.so.1", "libc6": "libc.so.6"})
    missing = set_up.missing_system_packages()
    assert "libnowhere1" in missing
    assert "libc6" not in missing
