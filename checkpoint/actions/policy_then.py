"""The policy that was in force at a gate at an instant that has passed: for what is reported of it afterwards.

An order counts from the moment at which this gate received it. A report of Monday's shift asks no more of Monday
than what the gate knew then, also when a later version of an order has taken its place since.
"""

from datetime import datetime

from checkpoint.actions.mirroring import policy_after
from checkpoint.settings import Settings
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.mirror import kept_records
from sync.agreement.deployment import Deployment, policy_in_force
from sync.agreement.policy import PolicyInForce
from sync.agreement.records import PolicyIssued


def policy_then(store: EdgeStore, *, settings: Settings, deployment: Deployment, until: datetime) -> PolicyInForce:
    """Return the deployment's policy with the orders that this gate had received ``until`` then.

    Raises what the deployment's own documents raise: ``DeploymentError``, ``PolicyError``.
    """
    edge = settings.edge
    policy = policy_in_force(deployment, edge.law or None).at_edge(edge.edge_id)
    with store.readers.connect() as connection:
        records = kept_records(connection, of_type=PolicyIssued.type_name, until=until)
    return policy_after(records, deployment=deployment, policy=policy)[0]
