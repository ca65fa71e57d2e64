"""The policy that was in force at a gate at an instant that has passed: for what is reported of it afterwards.

An order counts from the moment at which this gate received it. A report of Monday's shift asks no more of Monday
than what the gate knew then, also when a later version of an order has taken its place since, or took it on Monday.
"""

from datetime import datetime

from checkpoint.actions.mirroring import policy_after
from checkpoint.settings import Settings
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.mirror import records_as_received
from sync.agreement.deployment import Deployment, policy_at_edge
from sync.agreement.policy import PolicyInForce
from sync.agreement.records import PolicyIssued


class PolicyHistory:
    """What a gate knew of its orders, as of one moment: ``at`` asks for any moment before it."""

    def __init__(self, store: EdgeStore, *, settings: Settings, deployment: Deployment) -> None:
        """Read the orders that this gate has received.

        Raises what the deployment's own documents raise: ``DeploymentError``, ``PolicyError``.
        """
        edge = settings.edge
        self._deployment = deployment
        self._before = policy_at_edge(
            deployment, edge_id=edge.edge_id, point_of_entry_id=edge.point_of_entry_id, law=edge.law or None
        )
        self._known: dict[int, PolicyInForce] = {}
        with store.readers.connect() as connection:
            self._received = records_as_received(connection, of_type=PolicyIssued.type_name)

    def at(self, moment: datetime) -> PolicyInForce:
        """Return the deployment's policy with the orders that this gate had received by then."""
        received = [record for received_at, record in self._received if received_at <= moment]
        if len(received) not in self._known:  # each later moment knows the same or more, so their number names them
            self._known[len(received)] = policy_after(received, deployment=self._deployment, policy=self._before)[0]
        return self._known[len(received)]
