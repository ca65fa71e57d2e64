"""What a set-up step is: a line on the screen with its seconds, and one clear sentence when it fails.

Standard library only, for it runs before anything is installed.
"""

import contextlib
import errno
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TAIL_LINES = {True: 2, False: 8}
"""How much of a failed command's own words is shown where we can explain it, and where not; all stands in the log."""

TAIL_COLUMNS = 160


class SetUpError(Exception):
    """Set-up cannot go on. The message says what failed, where, and what the reader can do."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Show ``title`` while the block runs and its seconds afterwards; name a full disk plainly."""
    print(f"  {title} ... ", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except OSError as error:
        print("failed", flush=True)
        raise SetUpError(of_os_error(error, title=title)) from error
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def of_os_error(error: OSError, *, title: str) -> str:
    """Put an operating system's error into a sentence.

    >>> of_os_error(OSError(errno.ENOSPC, "No space left on device"), title="copying fonts")
    'The disk is full (copying fonts). Free at least 1 GB here and run the same command again.'
    """
    if error.errno == errno.ENOSPC:
        return f"The disk is full ({title}). Free at least 1 GB here and run the same command again."
    place = f" at {error.filename}" if error.filename else ""
    return (
        f"{title} failed{place}: {error.strerror or error}. Check who owns the folder, then run the same command again."
    )


SENTENCES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("no space left on device", "enospc", "errno 28"),
        "The disk is full. Free at least 1 GB here and run the same command again.",
    ),
    (
        ("hash mismatch", "do not match the hashes", "eintegrity", "integrity checksum failed"),
        (
            "A downloaded file is not the one that the lock names (wrong hash), so nothing of it was installed. "
            "A proxy or mirror may have altered it; try again from another network, and report it if it stays."
        ),
    ),
    (
        (
            "temporary failure in name resolution",
            "dns error",
            "failed to lookup address",
            "name or service not known",
            "connection refused",
            "network is unreachable",
            "newconnectionerror",
            "connecttimeout",
            "operation timed out",
            "error sending request",
            "client error (connect)",
            "enotfound",
            "eai_again",
            "econnrefused",
            "etimedout",
            "econnreset",
            "temporary failure resolving",
            "unable to connect",
            "could not connect",
        ),
        (
            "The package index cannot be reached. Check the network and the proxy settings (https_proxy); for a mirror "
            "set PIP_INDEX_URL and npm_config_registry. Then run the same command again: it goes on where it stopped."
        ),
    ),
    (
        (
            "certificate_verify_failed",
            "unknownissuer",
            "self-signed certificate",
            "self_signed_cert",
            "invalid peer certificate",
        ),
        (
            "The package index's certificate is not trusted by this machine. Name your authority's file in "
            "PIP_CERT, SSL_CERT_FILE and NODE_EXTRA_CA_CERTS, then run the same command again."
        ),
    ),
    (
        (
            "no matching distribution",
            "no solution found",
            "was not found in the package registry",
            "e404",
            "404 not found",
        ),
        (
            "The configured package index lacks a package that the lock names. If a mirror is configured "
            "(PIP_INDEX_URL, UV_*, npm_config_registry), bring it up to date, then run the same command again."
        ),
    ),
)
"""What tools print (lower case), and what we say instead. The first row that matches wins."""


def explain(output: str) -> str | None:
    """Find the sentence for a failed command's ``output``; None if it is none of the known troubles.

    >>> explain("npm error code EINTEGRITY")[:38]
    'A downloaded file is not the one that '
    >>> explain("Segmentation fault") is None
    True
    """
    lowered = output.lower()
    for needles, sentence in SENTENCES:
        if any(needle in lowered for needle in needles):
            return sentence
    return None


def run_logged(command: Sequence[str | Path], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run ``command``, append all it says to ``log`` and return it; a failure becomes a SetUpError."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except FileNotFoundError as error:
        msg = f"{words[0]} is not on this machine. Install it and run the same command again."
        raise SetUpError(msg) from error
    output = done.stdout.decode(errors="replace")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(words)}\n{output}\n")
    if done.returncode:
        sentence = explain(output)
        last = output.strip().splitlines()[-TAIL_LINES[sentence is not None] :]
        tail = "\n".join(f"    {line[:TAIL_COLUMNS]}" for line in last)
        why = sentence or f"{Path(words[0]).name} ended with code {done.returncode}. Its last words are below."
        msg = f"{why}\n{tail}\n    (everything it said: {log})"
        raise SetUpError(msg)
    return output


def need_space(folder: Path, *, megabytes: int) -> None:
    """Stop before a long download that cannot fit."""
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < megabytes:
        msg = (
            f"The disk under {folder} has {free} MB free and set-up needs about {megabytes} MB. "
            "Free some and run the same command again."
        )
        raise SetUpError(msg)


def complain(error: SetUpError) -> int:
    """Print why set-up stopped and return the exit code for it."""
    print(f"\nSet-up stopped: {error}", file=sys.stderr)
    return 1
