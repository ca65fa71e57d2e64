"""Opening an edge: settings, deployment, identity and store become one ``Gate``."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from checkpoint.actions.gate import Gate, Place
from checkpoint.settings import Settings
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.identity import open_identity
from sync.agreement.deployment import load_deployment, policy_in_force


def open_gate(settings: Settings, *, clock: Callable[[], datetime]) -> Gate:
    """Open the database (its schema must be up to date) and compile the policy in force.

    Raises what the rooms below raise: ``DeploymentError``, ``PolicyError``, ``StoreError``.
    """
    edge = settings.edge
    deployment = load_deployment(Path(edge.deployment))
    policy = policy_in_force(deployment, edge.law or None)
    point = deployment.point_of_entry(edge.point_of_entry_id)
    identity = open_identity(settings.data_path, edge_id=edge.edge_id)
    store = EdgeStore.open(settings.data_path, identity=identity, places=settings.isolation.places)
    gate_names = {each.id: msgspec.to_builtins(each.names) for each in deployment.points_of_entry}
    place = Place(
        point_of_entry_id=point.id,
        kind=point.kind,
        locality=point.locality,
        names=gate_names[point.id],
        gate_names=gate_names,
    )
    return Gate(settings, store=store, identity=identity, policy=policy, place=place, clock=clock)
