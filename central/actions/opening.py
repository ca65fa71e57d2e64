"""Opening a centre: its database at the newest schema, its keys, its province, and what is in force."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec

from central.actions.ordering import PolicyShelf
from central.actions.witnessing import Witnessing
from central.settings import Settings
from central.store import CentralStore
from central.store.engine import open_engine, told_plainly
from central.store.erased_file import repeat_forgotten
from central.store.issued import IssuedPolicies
from central.store.keys import CentreKeys, load_keys
from central.store.quarantine import is_now_readable, replay_quarantine
from migrations import upgrade
from sync.agreement.deployment import Deployment, load_deployment, policy_in_force, report_day
from sync.agreement.policy import PolicyInForce


class Centre(msgspec.Struct, frozen=True, kw_only=True):
    """An opened centre: what every command and route needs."""

    settings: Settings
    store: CentralStore
    keys: CentreKeys
    deployment: Deployment
    shelf: PolicyShelf
    issued: IssuedPolicies
    clock: Callable[[], datetime]

    @property
    def policy(self) -> PolicyInForce:
        """What is in force now: the deployment's documents and all that was issued since."""
        return self.shelf.policy()

    def report_day(self, at: datetime | None = None) -> date:
        """Return the report day of an instant, now if none is given."""
        return report_day(at or self.clock(), cut_off_hour=self.deployment.cut_off_hour)


_MIGRATING = threading.Lock()


def open_centre(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Centre:
    """Open everything that the settings name; migrates the database first.

    Raises what the parts raise: ``DeploymentError``, ``KeyFileError``, ``DatabaseTooNewError``,
    ``StoreUnavailableError``.
    """
    settings.data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
    deployment = load_deployment(settings.centre.deployment)
    policy = policy_in_force(deployment, settings.centre.law or None)
    keys = load_keys(settings.data_path)
    engine = open_engine(settings.centre.database_url)
    with _MIGRATING, told_plainly():
        upgrade("central", engine)
    issued = IssuedPolicies(engine)
    told_time = clock or _wall_clock
    store = CentralStore(engine, cut_off_hour=deployment.cut_off_hour, identity_folder=settings.data_path / "identity")
    store.edges.epoch(now=told_time())
    Witnessing(store, signing_key=keys.signing, clock=told_time).compare_at_start()
    repeat_forgotten(engine, store.erasure_file)
    if is_now_readable(engine):
        replay_quarantine(engine, cut_off_hour=deployment.cut_off_hour, now=told_time())
    store.reports.draw_missing()
    return Centre(
        settings=settings,
        store=store,
        keys=keys,
        deployment=deployment,
        shelf=PolicyShelf(policy, issued=issued, clock=told_time),
        issued=issued,
        clock=told_time,
    )


def _wall_clock() -> datetime:
    return datetime.now(UTC)
