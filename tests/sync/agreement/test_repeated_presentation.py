"""For how long one person at two lanes is asked about is the province's rule, with a default where none speaks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from sync.agreement.deployment import load_deployment, policy_in_force
from sync.agreement.facts import Citation
from sync.agreement.policy import PolicyInForce
from sync.agreement.policy.lane_rules import LONGEST_ASKED_WITHIN_S, RepeatedPresentation

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
TERM = {"rule_id": "x", "effective_from": NOW, "citation": Citation(document="x", clause="1"), "basis": "thử"}


def in_force(*, without=()):
    policy = policy_in_force(load_deployment(ROOT / "deploy" / "provinces" / "quang-ninh.toml"))
    documents = [
        msgspec.structs.replace(each, rules=tuple(rule for rule in each.rules if not isinstance(rule, without)))
        for each in policy.documents
    ]
    return PolicyInForce(documents)


@pytest.mark.parametrize("province", ["quang-ninh", "lai-chau", "kien-giang"])
def test_every_deployment_says_how_long_with_its_basis(province):
    policy = policy_in_force(load_deployment(ROOT / "deploy" / "provinces" / f"{province}.toml"))

    [rule] = policy.rules_at(NOW).of_type(RepeatedPresentation)

    assert (rule.asked_within_s, bool(rule.citation.clause), bool(rule.basis)) == (300, True, True)


def test_where_no_rule_speaks_of_it_the_documented_default_holds():
    assert in_force().rules_at(NOW).asked_within == timedelta(minutes=5)
    assert in_force(without=RepeatedPresentation).rules_at(NOW).asked_within == timedelta(minutes=5)


@pytest.mark.parametrize("asked_within_s", [0, -1, LONGEST_ASKED_WITHIN_S + 1])
def test_a_term_that_asks_about_nobody_or_for_ever_is_refused(asked_within_s):
    with pytest.raises(ValueError, match="asked_within_s must lie between"):
        RepeatedPresentation(**TERM, asked_within_s=asked_within_s)


def test_a_term_without_a_basis_is_refused():
    with pytest.raises(ValueError, match="basis"):
        RepeatedPresentation(**TERM | {"basis": ""}, asked_within_s=60)
