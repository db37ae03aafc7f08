"""The roles of the first day, as a table that a person can check (SEC-06)."""

import pytest

from hub.security.roles import SEEDS

RIGHTS = {seed.code: seed.rights for seed in SEEDS}


def test_the_contracts_roles_exist_in_both_languages() -> None:
    assert list(RIGHTS) == [
        "admin",
        "hq_manager",
        "hq_analyst",
        "region_manager",
        "store_manager",
        "franchisee",
        "clerk",
        "cashier",
        "stock_keeper",
        "purchaser",
        "practitioner",
        "hr",
        "finance",
        "privacy_officer",
        "technician",
        "installer",
        "auditor",
    ]
    assert all(seed.name.zh and seed.name.en for seed in SEEDS)


@pytest.mark.parametrize("role", ["hq_analyst", "auditor"])
def test_those_who_only_look_change_nothing(role: str) -> None:
    assert {right.partition(".")[2] for right in RIGHTS[role]} == {"read", "cost"}


def test_only_admin_keeps_users() -> None:
    assert {r for r, rights in RIGHTS.items() if "users.create" in rights} == {"admin"}


def test_few_read_the_audit() -> None:
    found = {r for r, rights in RIGHTS.items() if "audit.read" in rights}
    assert found == {"admin", "auditor", "privacy_officer"}


def test_no_administrator_reads_health_data() -> None:
    """CUS-08: who reads it is entitled to by duty."""
    found = {r for r, rights in RIGHTS.items() if "health_profiles.read" in rights}
    assert found == {"practitioner", "privacy_officer"}
    revealing = {r for r, rights in RIGHTS.items() if "health_profiles.reveal" in rights}
    assert revealing == {"practitioner"}


def test_a_clerk_archives_nothing_and_sees_no_money() -> None:
    rights = RIGHTS["clerk"]
    changing = {right for right in rights if right.endswith((".archive", ".update"))}
    assert changing == {"customers.update", "stocktakes.update"}
    assert not {right for right in rights if right.endswith(".cost")}
    assert "sales.read" not in rights


def test_whoever_may_change_may_read() -> None:
    """Adding needs no sight of the rest: a cashier closes the day without seeing its total."""
    for role, rights in RIGHTS.items():
        changing = (right for right in rights if not right.endswith(".create"))
        subjects = {right.partition(".")[0] for right in changing}
        blind = {s for s in subjects if f"{s}.read" not in rights}
        assert blind == set(), role
