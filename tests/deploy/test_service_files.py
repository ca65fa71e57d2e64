"""The units that run a gate and a centre, and the runbook: what they name exists, with the options they use."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from central.__main__ import app as central_app
from central.command_line import MISUSED
from checkpoint.__main__ import app as checkpoint_app
from checkpoint.command_line import DISK_FAILED, MUST_BE_MENDED
from checkpoint.store.connection import CREDENTIAL_NAME

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text(encoding="utf-8")
COMMANDS = {
    "checkpoint": typer.main.get_command(checkpoint_app).commands,
    "central": typer.main.get_command(central_app).commands,
}
COMMAND = re.compile(r"python -m (checkpoint|central) ([a-z][^\n`|\"]*(?:\"[^\"]*\"[^\n`|\"]*)*)")
KNOWN_SECTIONS = {"Unit", "Service", "Install", "Timer"}


def settings_in(path: Path) -> dict[str, list[str]]:
    """Every setting of a unit with its values, in order; the sections are checked on the way."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            assert line.strip("[]") in KNOWN_SECTIONS
        elif line and not line.startswith("#"):
            name, is_setting, value = line.partition("=")
            assert is_setting, line
            found.setdefault(name, []).append(value)
    return found


def commands_in(text: str) -> list[tuple[str, list[str]]]:
    return [(found[1], shlex.split(found[2])) for found in COMMAND.finditer(text)]


def what_is_not_there(package: str, words: list[str]) -> str:
    """Parse the words as the command would, without running it; say what it does not know."""
    command = COMMANDS[package].get(words[0])
    if command is None:
        return f"{package} has no command {words[0]}"
    try:
        command.make_context(words[0], list(words[1:]))
    except (typer.BadParameter.__base__, typer.Exit) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_what_a_service_starts_exists_with_its_options(path):
    (started,) = settings_in(path)["ExecStart"]
    ((package, words),) = commands_in(started)
    assert what_is_not_there(package, words) == ""
    assert settings_in(path)["Documentation"] == ["file:///opt/kiemdich/deploy/RUNBOOK.md"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_a_service_runs_as_nobody_else_and_may_do_no_more_than_it_needs(path):
    told = settings_in(path)
    assert told["User"][0].startswith("kiemdich-")
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictNamespaces", "LockPersonality"):
        assert told[name] == ["yes"], name
    assert told["ProtectSystem"] == ["strict"]
    assert told["CapabilityBoundingSet"] == [""]
    assert told["UMask"] == ["0077"]
    assert told["StateDirectoryMode"] == ["0700"]
    assert "LimitCORE" not in told or told["LimitCORE"] == ["0"]


def test_the_services_come_back_by_themselves_unless_a_person_has_to_mend_something():
    for name, needs_person in (("kiemdich-edge", MUST_BE_MENDED), ("kiemdich-centre", MISUSED)):
        told = settings_in(DEPLOY / "systemd" / f"{name}.service")
        assert told["Restart"] == ["always"]
        assert told["StartLimitIntervalSec"] == ["0"]
        assert told["RestartPreventExitStatus"] == [str(needs_person)]
        assert str(DISK_FAILED) not in told["RestartPreventExitStatus"][0].split()


def test_the_database_key_comes_as_a_credential_and_stands_nowhere_else():
    for name in ("kiemdich-edge", "kiemdich-edge-backup"):
        told = settings_in(DEPLOY / "systemd" / f"{name}.service")
        (credential,) = told["LoadCredential"]
        assert credential.partition(":")[0] == CREDENTIAL_NAME
        assert "KEY" not in " ".join(told["Environment"]).upper()
    assert f"LoadCredential={CREDENTIAL_NAME}:" in RUNBOOK


def test_the_timer_starts_a_service_that_is_there():
    timers = [path for path in UNITS if path.suffix == ".timer"]
    assert timers
    assert all(path.with_suffix(".service") in SERVICES for path in timers)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_itself_finds_no_fault(path, tmp_path):
    here = tmp_path / path.name
    text = path.read_text(encoding="utf-8").replace("/opt/kiemdich/.venv/bin/python", "/bin/true")
    here.write_text(text, encoding="utf-8")
    if path.suffix == ".timer":
        beside = (DEPLOY / "systemd" / path.with_suffix(".service").name).read_text(encoding="utf-8")
        (tmp_path / path.with_suffix(".service").name).write_text(
            beside.replace("/opt/kiemdich/.venv/bin/python", "/bin/true"), encoding="utf-8"
        )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--generators=no", str(here)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    faults = [line for line in done.stderr.splitlines() if path.stem in line and "man:" not in line]
    assert faults == []


@pytest.mark.parametrize(("package", "words"), commands_in(RUNBOOK), ids=lambda part: " ".join(part)[:60])
def test_every_command_of_the_runbook_exists_with_its_options(package, words):
    assert what_is_not_there(package, words) == ""


def test_the_runbook_names_the_ways_that_an_operator_needs():
    named = {(package, words[0]) for package, words in commands_in(RUNBOOK)}
    assert {
        ("checkpoint", name)
        for name in ("enrol", "resume", "sync-status", "witness", "backup", "restore", "courier-export",
                     "courier-receive", "add-officer", "import-holders")
    } <= named  # fmt: skip
    assert {
        ("central", name)
        for name in ("enrolment-code", "confirm-edge", "revoke-edge", "renew-epoch", "verify", "courier-import",
                     "backup-keys", "restore-keys", "identity", "add-user", "grant-role", "issue-policy")
    } <= named  # fmt: skip


def test_a_command_or_an_option_that_is_not_there_would_be_noticed():
    with pytest.raises(AssertionError):
        assert what_is_not_there("checkpoint", ["undo"]) == ""
    with pytest.raises(Exception, match="--wish"):
        assert what_is_not_there("checkpoint", ["backup", "--to", "x", "--wish"]) == ""
