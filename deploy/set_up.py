"""Make this checkout ready to run: virtual environment, locked packages, browser assets.

Both commands at the root come through here. Everything is idempotent: what is ready is recognised by
stamps (the sha256 of the lock it was made from) in a few milliseconds, what was interrupted is done
again. Standard library only, for nothing else is installed yet.
"""

import ast
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from deploy import browser_assets
from deploy.steps import SetUpError, complain, need_space, run_logged, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
UV = VENV / "bin/uv"
CACHE = ROOT / ".cache"
LOG = CACHE / "set-up.log"
STAMPS = VENV / "stamps"
UV_LOCK = ROOT / "deploy/locks/uv.lock"
LOCKS = {"run": ROOT / "requirements.lock", "check": ROOT / "requirements-dev.lock"}
ROOM_MB = {"run": 1500, "check": 3000}
"""Measured: run set 420 MB, dev set 900 MB, npm 80 MB, Node aside 210 MB; twice that while unpacking."""

SYSTEM_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "mosquitto": ("mosquitto",),
    "postgresql": ("pg_ctl", "pg_ctlcluster"),
}
"""Debian package -> any program that proves it is here. Only the full check uses them."""

SYSTEM_LIBRARIES: Mapping[str, str] = {"libatomic1": "libatomic.so.1"}
"""Debian package -> the library that proves it is here: the browser driver's own Node is linked against it."""

_UV_INDEX_SETTINGS = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_CONFIG_FILE",
    "UV_NO_INDEX",
)


def make_ready(purpose: str) -> int:
    """Make everything ready for ``purpose`` ("run" or "check"); 0, or 1 after a printed sentence."""
    if is_ready(purpose):
        return 0
    try:
        with _only_one_at_a_time():
            if not is_ready(purpose):
                _set_up(purpose)
    except SetUpError as error:
        return complain(error)
    except OSError as error:
        return complain(SetUpError(f"{error.filename or ROOT}: {error.strerror or error}"))
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again: it goes on where it stopped.", file=sys.stderr)
        return 130
    return 0


def is_ready(purpose: str) -> bool:
    """Tell from the stamps alone whether nothing is to be done.

    The dev lock is a superset of the run lock, so an environment made for ``check`` serves ``run``.
    """
    sets = ("check",) if purpose == "check" else ("run", "check")
    return (
        _venv_is_ours()
        and any(_stamp(name) == _expected_stamp(name) for name in sets)
        and browser_assets.is_ready(ROOT)
    )


def _set_up(purpose: str) -> None:
    print("Setting up (the first time takes a minute or two; later it is skipped):", flush=True)
    LOG.unlink(missing_ok=True)
    lock_set = "check" if purpose == "check" or _stamp("check") else "run"
    if not _venv_is_ours():
        need_space(ROOT, megabytes=ROOM_MB[lock_set])
        _make_venv()
    env = environment()
    if not UV.exists() or _stamp("uv") != _digest(UV_LOCK):
        with step("installer uv"):
            run_logged(
                [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", UV_LOCK],
                log=LOG,
                cwd=ROOT,
                env=env,
            )
            _write_stamp("uv", _digest(UV_LOCK))
    if _stamp(lock_set) != _expected_stamp(lock_set):
        with step(f"Python packages of {LOCKS[lock_set].name}"):
            _sync(lock_set, env=env)
    if not browser_assets.is_ready(ROOT):
        with step("browser assets of package-lock.json"):
            browser_assets.install(ROOT, uv=UV, python=PYTHON, env=env, log=LOG)


def _sync(lock_set: str, *, env: Mapping[str, str]) -> None:
    for name in LOCKS:
        (STAMPS / name).unlink(missing_ok=True)
    command: list[str | Path] = [UV, "pip", "sync", "--require-hashes", "--python", PYTHON, LOCKS[lock_set]]
    run_logged(command, log=LOG, cwd=ROOT, env=env)
    _write_stamp(lock_set, _expected_stamp(lock_set))


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _install_ensurepip()
    with step(f"virtual environment .venv (Python {sys.version_info.major}.{sys.version_info.minor})"):
        # A child process, because an ensurepip that apt has just brought is not seen by this one.
        run_logged([sys.executable, "-m", "venv", "--clear", VENV], log=LOG, cwd=ROOT)
        _write_stamp("made", _birth_mark())


def _install_ensurepip() -> None:
    """Debian splits ensurepip out of python3; this is the one package that needs apt."""
    is_the_systems = sys.executable in {"/usr/bin/python3", "/usr/bin/python"}
    package = "python3-venv" if is_the_systems else f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    prefix = apt_prefix()
    if prefix is None:
        msg = (
            "This Python has no ensurepip, so no virtual environment can be made, and this user may not install it.\n"
            f"    Install it once:  sudo apt-get install {package}\n    and run the same command again."
        )
        raise SetUpError(msg)
    with step(f"system package {package}"):
        apt_install([package], prefix=prefix)


def apt_prefix() -> list[str] | None:
    """How this user may call apt-get: directly (root), through passwordless sudo, or not at all (None)."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def apt_install(packages: list[str], *, prefix: list[str]) -> None:
    """Install Debian packages without recommends; refreshes the package lists only if they are stale."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    keep_env = ["env", "DEBIAN_FRONTEND=noninteractive"]
    command = [*prefix, *keep_env, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    try:
        run_logged(command, log=LOG, cwd=ROOT, env=env)
    except SetUpError:
        run_logged([*prefix, *keep_env, "apt-get", "update", "-qq"], log=LOG, cwd=ROOT, env=env)
        run_logged(command, log=LOG, cwd=ROOT, env=env)


def missing_system_packages() -> list[str]:
    """Name the Debian packages of the full check of which no program or library is on this machine."""
    at_postgresql = any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    found = {name for name, programs in SYSTEM_PACKAGES.items() if any(_program(program) for program in programs)}
    unlinked = {name for name, library in SYSTEM_LIBRARIES.items() if not _library(library)}
    return sorted((set(SYSTEM_PACKAGES) - found - ({"postgresql"} if at_postgresql else set())) | unlinked)


def _library(name: str) -> bool:
    folders = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
    return any(found for folder in folders for pattern in (name, f"*/{name}") for found in Path(folder).glob(pattern))


def _program(name: str) -> str | None:
    # Debian puts daemons into sbin, which an ordinary user's PATH may lack.
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def environment() -> dict[str, str]:
    """The environment for the installers: uv is told of the index and the certificate that pip is told of."""
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "VIRTUAL_ENV": str(VENV)}
    env.pop("PYTHONPATH", None)
    pip = _pip_settings()
    if cert := pip.get("cert"):
        env.setdefault("SSL_CERT_FILE", cert)
    if any(os.environ.get(name) for name in _UV_INDEX_SETTINGS):
        return env
    if index := pip.get("index-url"):
        env["UV_DEFAULT_INDEX"] = index
    if extra := pip.get("extra-index-url"):
        env["UV_INDEX"] = extra
        # Safe, because every file must match a hash of the lock wherever it comes from.
        env["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if links := pip.get("find-links"):
        env.setdefault("UV_FIND_LINKS", ",".join(links.split()))
    if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        env["UV_NO_INDEX"] = "1"
    return env


def _pip_settings() -> dict[str, str]:
    """What pip would use, from its files and PIP_* variables, by option name; later rows of pip win."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    return parse_pip_settings(listed)


def parse_pip_settings(listed: str) -> dict[str, str]:
    r"""Read the output of ``pip config list``: the environment beats [install], which beats [global].

    >>> parse_pip_settings("global.index-url='a'\n:env:.index-url='b'\ninstall.no-index='true'\n")
    {'index-url': 'b', 'no-index': 'true'}
    """
    rank = {"global": 0, "install": 1, ":env:": 2}
    best: dict[str, tuple[int, str]] = {}
    for line in listed.splitlines():
        name, found, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if found and section in rank and rank[section] >= best.get(option, (-1, ""))[0]:
            best[option] = (rank[section], str(ast.literal_eval(value)))
    return {option: value for option, (_, value) in best.items()}


@contextlib.contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    """Serialise set-ups of this checkout; the kernel frees the lock even if its holder is killed."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "set-up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work in this folder; waiting for it ...", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _birth_mark() -> str:
    """Where and for which interpreter the environment was made: moved or upgraded, it must be made anew."""
    return f"{ROOT} {os.path.realpath(PYTHON)}"


def _venv_is_ours() -> bool:
    return os.access(PYTHON, os.X_OK) and _stamp("made") == _birth_mark()


def _stamp(name: str) -> str:
    try:
        return (STAMPS / name).read_text(encoding="utf-8")
    except OSError:
        return ""


def _write_stamp(name: str, content: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(content, encoding="utf-8")


def _expected_stamp(lock_set: str) -> str:
    return _digest(LOCKS[lock_set])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def start(module: str, arguments: list[str], *, purpose: str) -> NoReturn:
    """Make ready for ``purpose``, then become ``python -m module``; leaves the program in any case."""
    failed = make_ready(purpose)
    if failed:
        sys.exit(failed)
    os.chdir(ROOT)
    # Dozens of our processes start from here; compiling every module anew in each costs seconds apiece.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execv(PYTHON, [str(PYTHON), "-m", module, *arguments])
