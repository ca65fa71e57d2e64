"""Opening an edge: settings, deployment, identity and store become one ``Gate``."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from checkpoint.actions.gate import Gate, Place
from checkpoint.actions.mirroring import mirror_again
from checkpoint.settings import Settings
from checkpoint.store.connection import DATABASE_NAME, naming_damage
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.identity import open_identity
from checkpoint.store.naming import NAMED_AT_ONCE, name_some_holders
from checkpoint.store.scrubbing import rebuild_if_due
from sync.agreement.deployment import load_deployment, policy_at_edge


def open_gate(settings: Settings, *, clock: Callable[[], datetime]) -> Gate:
    """Open the database (its schema must be up to date) and compile the policy in force.

    Raises what the rooms below raise: ``DeploymentError``, ``PolicyError``, ``StoreError``.
    """
    edge = settings.edge
    deployment = load_deployment(Path(edge.deployment))
    policy = policy_at_edge(
        deployment, edge_id=edge.edge_id, point_of_entry_id=edge.point_of_entry_id, law=edge.law or None
    )
    point = deployment.point_of_entry(edge.point_of_entry_id)
    gate_names = {each.id: msgspec.to_builtins(each.names) for each in deployment.points_of_entry}
    place = Place(
        point_of_entry_id=point.id,
        kind=point.kind,
        locality=point.locality,
        names=gate_names[point.id],
        gate_names=gate_names,
        gate_body=point.gate_body,
    )
    identity = open_identity(settings.data_path, edge_id=edge.edge_id)
    with naming_damage(settings.data_path / DATABASE_NAME):
        rebuild_if_due(settings.data_path, at=clock())
        store = EdgeStore.open(settings.data_path, identity=identity, places=settings.isolation.places, clock=clock)
        gate = Gate(
            settings, store=store, identity=identity, policy=policy, place=place, deployment=deployment, clock=clock
        )
        mirror_again(gate)
        _name_holders(store)
    return gate


def _name_holders(store: EdgeStore) -> None:
    """Let the name index learn whom an older program, or a backup, left to it; nothing to do on most starts."""
    while store.writer.submit(name_some_holders).result() == NAMED_AT_ONCE:
        pass
