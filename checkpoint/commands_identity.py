"""The commands about who this edge is and where it stands: ``enrol``, ``resume``, ``witness``, ``sync-status``."""

import secrets
import sys
from typing import Annotated

import msgspec
import typer

from checkpoint.centre_link import RESUME_NAME
from checkpoint.command_line import SettingsOption, fail, is_running, loaded, stop
from checkpoint.settings import EdgeSettings, Settings
from checkpoint.store.connection import StoreError, keep_private, write_private_file
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.identity import (
    IDENTITY_FOLDER,
    CentreFile,
    EdgeIdentity,
    known_centre,
    open_identity,
    read_pending_centre,
    write_centre,
    write_pending_centre,
)
from checkpoint.store.private_files import FolderFiles
from sync.exchange.ends import RefusedError, TransportError
from sync.exchange.messages import EnrolmentAnswer, EnrolmentRequest, fingerprint
from sync.exchange.signatures import SignatureError
from sync.exchange.transport import HttpTransport

_NONCE_BYTES = 16
_MOST_HEADS = 10_000
_REFUSALS = {
    "code_refused": "the code is wrong, was used, or is older than 15 minutes: ask for a new one",
    "too_many_attempts": "too many wrong codes: wait some minutes, then ask for a new code",
    "busy": "the centre has too much to do just now: try again in some seconds, with the same code",
    "unavailable": "the centre's database does not answer: try again in some minutes, with the same code",
    "malformed": "the centre does not understand this edge: install programs of the same version",
}


def enrol_command(
    centre_url: Annotated[str, typer.Option("--centre-url", help="Where the centre is, such as https://kiemdich.…")],
    code: Annotated[
        str, typer.Option("--code", help="The enrolment code; better typed: then no other user sees it.")
    ] = "",
    settings: SettingsOption = None,
) -> None:
    """Introduce this edge to its centre by a one-time code: --code, or the first line of standard input.

    The code itself never travels. Prints the fingerprint that a person at the centre compares and confirms.
    An edge that runs goes on by itself; nothing is restarted. A centre that was built anew has another key: it
    is followed only after confirm-centre.
    """
    configured = loaded(settings)
    if configured.edge.is_exercise:
        stop("this edge belongs to a drill: a drill has no centre, and no centre takes one; enrol the real edge")
    typed = code or sys.stdin.readline()
    try:
        keep_private(configured.data_path)
        own = open_identity(configured.data_path, edge_id=configured.edge.edge_id)
        answer = _introduce(own, edge=configured.edge, centre_url=centre_url, code=typed)
    except RefusedError as error:
        stop(_REFUSALS.get(error.refusal.code, f"the centre refused: {error.refusal.code}"))
    except TransportError as error:
        stop(f"the centre was not reached at {centre_url} ({error.reason}): check the address and the link, try again")
    except SignatureError as error:
        stop(f"{error}: nothing was kept; type the code as it stands on the centre's screen")
    except (StoreError, OSError) as error:
        fail(error)
    if answer.point_of_entry_id != configured.edge.point_of_entry_id:
        stop(
            f"the code is for {answer.point_of_entry_id}, the settings say {configured.edge.point_of_entry_id}:"
            " nothing was kept; correct the settings or ask for another code"
        )
    has_followed = _keep(configured, answer, centre_url=centre_url)
    sys.stdout.write(msgspec.json.encode(_enrolled(own, answer, has_followed=has_followed)).decode() + "\n")


def confirm_centre_command(
    shown: Annotated[str, typer.Option("--fingerprint", help="As the centre shows it: four groups of four.")],
    settings: SettingsOption = None,
) -> None:
    """Follow the other centre that answered the last enrolment; the fingerprint must be the one that it shows.

    The whole journal goes to it. What the centre of before said stays as history, and its orders in force.
    """
    configured = loaded(settings)
    files = FolderFiles(configured.data_path / IDENTITY_FOLDER)
    try:
        centre = read_pending_centre(files)
        if centre is None:
            stop("no other centre answered an enrolment; enrol first")
        told = fingerprint(bytes.fromhex(centre.centre_public_key))
        if _digits(shown) != _digits(told):
            stop(f"the centre that answered has the fingerprint {told}, not {shown}: do not go on; nothing was changed")
        _follow(configured, centre)
        write_pending_centre(files, None)
    except (StoreError, OSError) as error:
        fail(error)
    sys.stdout.write(msgspec.json.encode({"centre_fingerprint": told, "is_centre_confirmed": True}).decode() + "\n")


def resume_command(settings: SettingsOption = None) -> None:
    """Let a running edge whose uplink halted ask its centre again at once; lanes and records are not touched."""
    configured = loaded(settings)
    if not is_running(configured):
        stop("no edge runs on this data folder; one that is started asks its centre by itself")
    write_private_file(configured.data_path / RESUME_NAME, b"")
    sys.stdout.write('{"resume":"ordered"}\n')


def witness_command(
    limit: Annotated[int, typer.Option(help="How many heads at most, newest first.")] = _MOST_HEADS,
    settings: SettingsOption = None,
) -> None:
    """Print the heads of the centre's ledger that this edge holds under the centre's signature, one a line.

    An auditor gives them to ``python -m central verify --witness FILE``: a ledger that was rewritten or cut
    off contradicts one of them.
    """
    store = _reading(loaded(settings))
    for head in store.outgoing.ledger_heads(limit=limit):
        sys.stdout.write(msgspec.json.encode(head).decode() + "\n")
    store.close()


def sync_status_command(settings: SettingsOption = None) -> None:
    """Print how this edge stands to its centre as one line of JSON: chains, counts, findings, keys' fingerprints."""
    configured = loaded(settings)
    store = _reading(configured)
    try:
        sys.stdout.write(msgspec.json.encode(_standing(configured, store)).decode() + "\n")
    finally:
        store.close()


def _standing(configured: Settings, store: EdgeStore) -> dict[str, object]:
    own = open_identity(configured.data_path, edge_id=configured.edge.edge_id)
    centre = known_centre(configured.edge, files=store.files)
    found, witness = store.outgoing.finding(), store.outgoing.last_ledger_head()
    return {
        "edge_id": own.edge_id,
        "fingerprint": fingerprint(bytes.fromhex(own.public.public_key)),
        "is_running": is_running(configured),
        "centre_url": centre.centre_url if centre else None,
        "centre_fingerprint": fingerprint(bytes.fromhex(centre.centre_public_key)) if centre else None,
        "delivery": store.outgoing.delivery(),
        "finding": found,
        "chains": [
            {
                "incarnation": chain.incarnation,
                "sequence": chain.head.sequence,
                "delivered": chain.delivered.sequence if chain.delivered else 0,
                "epoch": chain.delivered_epoch,
                "is_current": chain.is_current,
                "is_abandoned": chain.is_abandoned,
            }
            for chain in store.outgoing.chains()
        ],
        "urgent": len(store.outgoing.urgent(limit=1000)),
        "witness_position": witness.position if witness else 0,
        "notices": store.outgoing.notices(),
    }


def _introduce(own: EdgeIdentity, *, edge: EdgeSettings, centre_url: str, code: str) -> EnrolmentAnswer:
    """Ask the centre; whoever answers must know the code too."""
    if not centre_url.startswith(("https://", "http://")):
        msg = f"{centre_url} is no address of a centre: write all of it, such as https://kiemdich.example"
        raise StoreError(msg)
    request = EnrolmentRequest(
        edge_id=own.edge_id,
        public_key=own.public.public_key,
        site_sealing_key=own.public.site_sealing_key,
        nonce=secrets.token_hex(_NONCE_BYTES),
    ).proven(code=code, key=own.signing_key)
    transport = HttpTransport(centre_url, proxy_url=edge.proxy_url, ca_file=edge.ca_file)
    try:
        answer = transport.enrol(request)
    finally:
        transport.close()
    answer.check(request, code=code)
    return answer


def _digits(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _enrolled(own: EdgeIdentity, answer: EnrolmentAnswer, *, has_followed: bool) -> dict[str, str | bool]:
    """Say what both sides compare now."""
    return {
        "edge_id": own.edge_id,
        "fingerprint": fingerprint(bytes.fromhex(own.public.public_key)),
        "is_confirmed": answer.is_confirmed,
        "point_of_entry_id": answer.point_of_entry_id,
        "centre_public_key": answer.centre_public_key,
        "centre_fingerprint": fingerprint(bytes.fromhex(answer.centre_public_key)),
        "is_centre_confirmed": has_followed,
    }


def _keep(configured: Settings, answer: EnrolmentAnswer, *, centre_url: str) -> bool:
    """Follow the centre that answered; where another one is known, keep it for a person to compare first."""
    centre = CentreFile(
        centre_url=centre_url,
        centre_public_key=answer.centre_public_key,
        province_sealing_key=answer.province_sealing_key,
        point_of_entry_id=answer.point_of_entry_id,
    )
    files = FolderFiles(configured.data_path / IDENTITY_FOLDER)
    known = known_centre(configured.edge, files=files)
    if known is None or known.centre_public_key == centre.centre_public_key:
        _follow(configured, centre)
        return True
    write_pending_centre(files, centre)
    before, told = (fingerprint(bytes.fromhex(one.centre_public_key)) for one in (known, centre))
    sys.stderr.write(
        f"this edge knows a centre with the fingerprint {before} and goes on with it; the one that answered has {told}."
        " If the centre was built anew, have its fingerprint read to you from the centre's own screen, and type that:"
        " python -m checkpoint confirm-centre --fingerprint\n"
    )
    return False


def _follow(configured: Settings, centre: CentreFile) -> None:
    write_centre(FolderFiles(configured.data_path / IDENTITY_FOLDER), centre)
    edge = configured.edge
    for key, told in (("centre_url", centre.centre_url), ("centre_public_key", centre.centre_public_key)):
        if getattr(edge, key) not in {"", told}:
            sys.stderr.write(f"the settings name another {key}, and settings come first: take that line out\n")


def _reading(configured: Settings) -> EdgeStore:
    """Open the store beside a running edge: nothing is compared, noted or begun."""
    try:
        keep_private(configured.data_path)
        return EdgeStore.beside(configured.data_path)
    except StoreError as error:
        fail(error)
