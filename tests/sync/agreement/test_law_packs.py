"""The two law packs say what the decrees say: clocks, forms, roles, declarations."""

from datetime import UTC, datetime

import pytest

from sync.agreement.isolation_words import IsolationGround
from sync.agreement.policy import ClockStart, LegalRole, OnExpiry, load_policy_document
from sync.agreement.policy.legal_rules import ClockRule, DeclarationTerms, DutyTerm, FormRule, IsolationRole
from sync.agreement.vocabulary import ClockKind, QuarantineForm
from tests.sync.agreement.crossings import NOON, policy

HOUR_S = 3600
MINUTE_S = 60
DAY_S = 24 * HOUR_S

CLOCKS_2026 = {
    ClockKind.PHYSICAL_CHECK: (2 * HOUR_S, "điểm d khoản 2 Điều 24", ClockStart.REFERRAL, OnExpiry.ESCALATE),
    ClockKind.TEMPORARY_HOLD: (2 * HOUR_S, "điểm b khoản 2 Điều 19", ClockStart.REFERRAL, OnExpiry.LAPSES),
    ClockKind.ISOLATION_LIST: (HOUR_S, "khoản 1 Điều 17", ClockStart.REFERRAL, OnExpiry.ESCALATE),
    ClockKind.ISOLATION_DECISION: (HOUR_S, "khoản 2 Điều 17", ClockStart.PROPOSAL, OnExpiry.ESCALATE),
    ClockKind.CONSULAR_NOTICE: (0, "điểm a khoản 3 Điều 17", ClockStart.DECISION, OnExpiry.ESCALATE),
    ClockKind.GATE_ISOLATION: (48 * HOUR_S, "điểm b khoản 3 Điều 17", ClockStart.DECISION, OnExpiry.NEXT_STEP),
    ClockKind.FACILITY_HANDOVER: (48 * HOUR_S, "khoản 4 Điều 17", ClockStart.DECISION, OnExpiry.ESCALATE),
    ClockKind.PERSON_NOTICE: (0, "điểm b khoản 3 Điều 17", ClockStart.DECISION, OnExpiry.ESCALATE),
    ClockKind.COMPULSORY_ORDER: (0, "khoản 1 đến khoản 3 Điều 20", ClockStart.REFUSAL, OnExpiry.ESCALATE),
}
CLOCKS_2020 = {
    ClockKind.PHYSICAL_CHECK: (2 * HOUR_S, "khoản 4 Điều 10", ClockStart.REFERRAL, OnExpiry.ESCALATE),
    ClockKind.TEMPORARY_HOLD: (HOUR_S, "khoản 4 Điều 7", ClockStart.REFERRAL, OnExpiry.LAPSES),
    ClockKind.ISOLATION_LIST: (HOUR_S, "khoản 1 Điều 5", ClockStart.REFERRAL, OnExpiry.ESCALATE),
    ClockKind.ISOLATION_DECISION: (HOUR_S, "khoản 2 Điều 5", ClockStart.PROPOSAL, OnExpiry.ESCALATE),
    ClockKind.CONSULAR_NOTICE: (0, "Điều 12", ClockStart.DECISION, OnExpiry.ESCALATE),
    ClockKind.GATE_ISOLATION: (2 * DAY_S, "điểm a khoản 3 Điều 2", ClockStart.DECISION, OnExpiry.NEXT_STEP),
    ClockKind.PERSON_NOTICE: (HOUR_S, "khoản 3 Điều 5", ClockStart.DECISION, OnExpiry.ESCALATE),
    ClockKind.COMPULSORY_ORDER: (6 * HOUR_S, "khoản 2 Điều 9", ClockStart.REFUSAL, OnExpiry.ESCALATE),
}
TERMS_2026 = {
    "temporary_hold_home": (3 * HOUR_S, None),
    "temporary_hold_other_site": (6 * HOUR_S, None),
    "zoning_information_before_start": (6 * HOUR_S, None),
    "notice_of_a_suspect": (24 * HOUR_S, None),
    "vehicle_observation_road_air": (15 * MINUTE_S, None),
    "vehicle_observation_rail_water": (30 * MINUTE_S, None),
    "vehicle_papers": (10 * MINUTE_S, None),
    "vehicle_physical_check_road_air": (45 * MINUTE_S, HOUR_S),
    "vehicle_physical_check_rail_water": (90 * MINUTE_S, HOUR_S),
    "vehicle_treatment_train_ship": (6 * HOUR_S, 4 * HOUR_S),
    "treatment_certificate": (30 * MINUTE_S, None),
    "goods_papers": (20 * MINUTE_S, None),
    "goods_check_under_10_t": (HOUR_S, None),
    "goods_check_from_10_t": (3 * HOUR_S, None),
    "goods_treatment_under_10_t": (2 * HOUR_S, 2 * HOUR_S),
    "goods_treatment_from_10_t": (6 * HOUR_S, 2 * HOUR_S),
    "ship_declaration_before_arrival": (12 * HOUR_S, None),
}
TERMS_2020 = {
    "temporary_hold_home": (3 * HOUR_S, None),
    "temporary_hold_other_site": (6 * HOUR_S, None),
    "isolation_elsewhere": (21 * DAY_S, 10 * DAY_S),
    "compulsory_isolation_order_other": (24 * HOUR_S, None),
    "gate_overloaded_letter": (6 * HOUR_S, None),
    "gate_overloaded_guidance": (12 * HOUR_S, None),
    "vehicle_observation_road_air": (HOUR_S, None),
    "vehicle_papers": (20 * MINUTE_S, None),
    "vehicle_observation_rail_water": (2 * HOUR_S, None),
    "vehicle_physical_check_road_air": (HOUR_S, HOUR_S),
    "vehicle_physical_check_rail_water": (2 * HOUR_S, HOUR_S),
    "vehicle_treatment_road_wagon_aircraft": (HOUR_S, HOUR_S),
    "vehicle_treatment_train_ship": (6 * HOUR_S, 4 * HOUR_S),
    "vehicle_treatment_ship_with_rodent_measures": (24 * HOUR_S, None),
    "treatment_certificate": (30 * MINUTE_S, None),
}


def rules_of(pack: str, kind: type):
    return [rule for rule in load_policy_document(pack).rules if isinstance(rule, kind)]


@pytest.mark.parametrize(("pack", "clocks"), [("law-vn-2026", CLOCKS_2026), ("law-vn-2020", CLOCKS_2020)])
def test_the_clocks_are_those_of_the_decrees(pack, clocks):
    found = {rule.clock: rule for rule in rules_of(pack, ClockRule)}
    assert set(found) == set(clocks)
    for kind, (limit_s, article, start, expiry) in clocks.items():
        rule = found[kind]
        assert (rule.limit_s, rule.starts_with, rule.on_expiry) == (limit_s, start, expiry), kind
        assert rule.citation.clause.startswith(article)
        assert rule.citation.document.startswith("Nghị định")


@pytest.mark.parametrize(("pack", "terms"), [("law-vn-2026", TERMS_2026), ("law-vn-2020", TERMS_2020)])
def test_the_other_deadlines_are_those_of_the_decrees(pack, terms):
    found = {rule.topic: (rule.limit_s, rule.extension_s) for rule in rules_of(pack, DutyTerm)}
    assert {topic: found.get(topic) for topic in terms} == terms


def test_the_two_packs_differ_where_the_decrees_differ():
    old, new = policy(law="law-vn-2020"), policy()
    hold = ClockKind.TEMPORARY_HOLD
    assert old.clock_limit(hold, at=NOON).limit_s == HOUR_S
    assert new.clock_limit(hold, at=NOON).limit_s == 2 * HOUR_S
    assert old.clock_limit(ClockKind.FACILITY_HANDOVER, at=NOON) is None
    assert new.clock_limit(ClockKind.FACILITY_HANDOVER, at=NOON).limit_s == 48 * HOUR_S


def test_only_the_new_law_lets_a_hold_be_extended_and_by_no_more_than_its_own_length():
    extended = {
        (pack, rule.clock): (rule.extension_s, rule.extension_clause)
        for pack in ("law-vn-2026", "law-vn-2020")
        for rule in rules_of(pack, ClockRule)
        if rule.extension_s is not None
    }
    assert extended == {("law-vn-2026", ClockKind.TEMPORARY_HOLD): (2 * HOUR_S, "khoản 5 Điều 19")}


def test_a_mere_contact_may_be_isolated_at_the_gate_only_under_the_old_law():
    grounds = {
        pack: next(rule.grounds for rule in rules_of(pack, IsolationRole) if rule.place is QuarantineForm.GATE)
        for pack in ("law-vn-2026", "law-vn-2020")
    }
    assert IsolationGround.CONTACT not in grounds["law-vn-2026"]
    assert IsolationGround.CONTACT in grounds["law-vn-2020"]
    assert IsolationGround.SUSPECT in grounds["law-vn-2026"]


def test_the_consulate_is_told_only_of_foreigners():
    rules = policy().rules_at(NOON)

    def started(*, is_foreigner):
        return {clock.kind for clock in rules.clocks_starting_with(ClockStart.DECISION, is_foreigner=is_foreigner)}

    assert started(is_foreigner=True) - started(is_foreigner=False) == {ClockKind.CONSULAR_NOTICE}
    assert ClockKind.GATE_ISOLATION in started(is_foreigner=False)


def test_the_new_law_begins_on_the_first_of_july_2026_to_the_minute():
    begins = datetime(2026, 6, 30, 17, 0, tzinfo=UTC)
    assert policy().clock_limit(ClockKind.TEMPORARY_HOLD, at=begins) is not None
    just_before = datetime(2026, 6, 30, 16, 59, tzinfo=UTC)
    assert policy().clock_limit(ClockKind.TEMPORARY_HOLD, at=just_before) is None
    assert policy(law="law-vn-2020").clock_limit(ClockKind.TEMPORARY_HOLD, at=just_before).limit_s == HOUR_S


def test_a_declaration_holds_seven_days_and_in_the_old_law_for_one_crossing():
    (old,) = rules_of("law-vn-2020", DeclarationTerms)
    (new,) = rules_of("law-vn-2026", DeclarationTerms)
    assert (old.valid_for_days, old.valid_for_crossings, old.kept_for_days) == (7, 1, 90)
    assert (new.valid_for_days, new.valid_for_crossings) == (7, None)


@pytest.mark.parametrize("pack", ["law-vn-2026", "law-vn-2020"])
def test_isolation_at_the_gate_is_ordered_by_the_head_of_the_gate_body(pack):
    orders = {rule.place: rule.ordered_by for rule in rules_of(pack, IsolationRole)}
    assert orders[QuarantineForm.GATE] == (LegalRole.HEAD_OF_GATE_BODY,)
    assert orders[QuarantineForm.MEDICAL_FACILITY] == (LegalRole.HEAD_OF_FACILITY,)


def test_the_forms_of_the_new_decree_are_complete():
    forms = {rule.form for rule in rules_of("law-vn-2026", FormRule)}
    expected = {f"Mẫu số {number:02d} Phụ lục IV" for number in range(1, 10)}
    assert expected <= forms
    assert {"Mẫu số 01 Phụ lục V", "Mẫu số 04 Phụ lục V", "Mẫu số 09 Phụ lục V", "Mẫu số 17 Phụ lục V"} <= forms
