"""How long a clearance slip holds is the province's rule: every deployment has one, with its basis."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.agreement.deployment import load_deployment, policy_in_force
from sync.agreement.facts import Citation
from sync.agreement.policy.lane_rules import SlipValidity

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("province", ["quang-ninh", "lai-chau", "kien-giang"])
def test_every_deployment_says_how_long_a_clearance_slip_holds_and_where_the_number_comes_from(province):
    policy = policy_in_force(load_deployment(ROOT / "deploy" / "provinces" / f"{province}.toml"))

    terms = policy.rules_at(datetime(2026, 11, 22, tzinfo=UTC)).of_type(SlipValidity)

    assert [(rule.valid_for_s, bool(rule.citation.clause), bool(rule.basis)) for rule in terms] == [(43200, True, True)]


def test_a_term_of_slips_without_a_basis_is_refused():
    with pytest.raises(ValueError, match="basis"):
        SlipValidity(
            rule_id="x",
            effective_from=datetime(2026, 1, 1, tzinfo=UTC),
            citation=Citation(document="x", clause="1"),
            valid_for_s=60,
        )
