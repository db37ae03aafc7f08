"""Nobody raises rights alone where the policy says so (SEC-12): people, roles, and the rules."""

from uuid import UUID

import pytest

from hub.errors import ForbiddenError, NotFoundError
from hub.kit.asker import Asker
from hub.security.accounts import Grant, set_grants
from hub.security.actor import Actor
from hub.security.approvals.gate import ApprovalNeededError
from hub.security.approvals.giving import GIVE
from hub.security.approvals.models import ApprovalRule
from hub.security.approvals.rules import Rules
from hub.security.people import NewPerson, People
from hub.security.role_book import RoleBook, RoleSheet
from hub.web.approvals import open_desk
from tests.hub.chain_under_test import HUB, QUICK, ChainUnderTest, sign_in_for


class Keepers:
    """A chain in which an auditor says yes to what its two keepers want to give."""

    def __init__(self, chain: ChainUnderTest) -> None:
        self.chain = chain
        self.door = sign_in_for(chain.db)
        self.desk = open_desk(chain.db, self.door.sessions)
        self.people, self.roles = People(chain.db, QUICK), RoleBook(chain.db)
        self.rules = Rules(chain.db)
        self.ids = {
            name: chain.add_user(name, Grant(role))
            for name, role in (
                ("keeper", "admin"),
                ("second", "admin"),
                ("judge", "auditor"),
                ("judge2", "auditor"),
                ("clerk", "clerk"),
            )
        }
        rule = ApprovalRule(
            record_type="*", action=GIVE, field="", above=0, steps=["auditor"], deadline_h=24
        )
        self.rules.add(chain.id, rule, HUB)

    def actor(self, name: str) -> Actor:
        found = self.door.sessions.absent(self.ids[name])
        assert found is not None
        return found

    def asker(self, name: str) -> Asker:
        actor = self.actor(name)
        return Asker(actor.user_id, actor.name, actor)

    def give(self, name: str, *grants: Grant) -> UUID:
        """The keeper asks; returns the request."""
        with pytest.raises(ApprovalNeededError) as held:
            self.people.set_grants(self.chain.id, self.ids[name], grants, self.asker("keeper"))
        self.desk.keep(held.value.pending)
        return held.value.pending.id

    def decide(self, name: str, request: UUID) -> str:
        actor, asker = self.actor(name), self.asker(name)
        return self.desk.decide(actor, request, is_yes=True, why="", asker=asker)

    def held(self, name: str) -> set[str]:
        return set(self.actor(name).roles)

    @property
    def clerks(self) -> RoleSheet:
        return self.roles.get(self.chain.id, "clerk")

    def widen(self, *rights: str, needs_second_factor: bool = False) -> None:
        role = self.clerks
        self.roles.change(
            self.chain.id,
            "clerk",
            name=role.name,
            rights=role.rights | set(rights),
            needs_second_factor=needs_second_factor,
            asker=self.asker("keeper"),
        )


@pytest.fixture
def keepers(chain: ChainUnderTest) -> Keepers:
    return Keepers(chain)


def test_more_roles_wait_and_fewer_do_not(keepers: Keepers) -> None:
    request = keepers.give("clerk", Grant("clerk"), Grant("hq_manager"))
    assert keepers.held("clerk") == {"clerk"}
    assert keepers.decide("judge", request) == "done"
    assert keepers.held("clerk") == {"clerk", "hq_manager"}
    people, asker = keepers.people, keepers.asker("keeper")
    people.set_grants(keepers.chain.id, keepers.ids["clerk"], [Grant("clerk")], asker)
    assert keepers.held("clerk") == {"clerk"}


def test_a_wider_place_is_more(keepers: Keepers) -> None:
    store = keepers.chain.stores[0].id
    set_grants(
        keepers.chain.db, keepers.chain.id, keepers.ids["clerk"], [Grant("clerk", store)], HUB
    )
    keepers.give("clerk", Grant("clerk"))


def test_who_gets_the_rights_has_no_say(keepers: Keepers) -> None:
    request = keepers.give("judge", Grant("auditor"), Grant("admin"))
    with pytest.raises((ForbiddenError, NotFoundError)):
        keepers.decide("judge", request)
    with pytest.raises((ForbiddenError, NotFoundError)):
        keepers.decide("keeper", request)
    assert keepers.decide("judge2", request) == "done"


def test_a_yes_is_for_the_roles_that_were_judged(keepers: Keepers) -> None:
    request = keepers.give("clerk", Grant("clerk"), Grant("cashier"))
    set_grants(keepers.chain.db, keepers.chain.id, keepers.ids["clerk"], [], HUB)
    assert keepers.decide("judge", request) == "failed"
    assert keepers.held("clerk") == set()


def test_a_keeper_who_is_none_any_more_gives_nothing(keepers: Keepers) -> None:
    request = keepers.give("clerk", Grant("clerk"), Grant("admin"))
    set_grants(keepers.chain.db, keepers.chain.id, keepers.ids["keeper"], [], HUB)
    assert keepers.decide("judge", request) == "failed"
    assert keepers.held("clerk") == {"clerk"}


def test_a_new_person_with_roles_waits(keepers: Keepers) -> None:
    new = NewPerson("late", "Late", "en", (Grant("clerk"),))
    with pytest.raises(ApprovalNeededError) as held:
        keepers.people.add(keepers.chain.id, new, keepers.asker("keeper"))
    keepers.desk.keep(held.value.pending)
    names = {one.username for one in keepers.people.listed(keepers.chain.id)}
    assert "late" not in names
    assert keepers.decide("judge", held.value.pending.id) == "done"
    late = next(p for p in keepers.people.listed(keepers.chain.id) if p.username == "late")
    assert late.grants == (Grant("clerk"),)
    assert not late.has_password


def test_a_role_that_may_more_waits(keepers: Keepers) -> None:
    with pytest.raises(ApprovalNeededError) as held:
        keepers.widen("suppliers.read")
    keepers.desk.keep(held.value.pending)
    assert "suppliers.read" not in keepers.clerks.rights
    assert keepers.decide("judge", held.value.pending.id) == "done"
    assert "suppliers.read" in keepers.clerks.rights
    keepers.widen()  # the same again is nothing to judge


def test_a_second_factor_less_waits(keepers: Keepers) -> None:
    keepers.widen(needs_second_factor=True)
    with pytest.raises(ApprovalNeededError):
        keepers.widen()


def test_the_rules_are_not_ended_alone(keepers: Keepers) -> None:
    (rule,) = keepers.rules.listed(keepers.chain.id)
    with pytest.raises(ApprovalNeededError) as held:
        keepers.rules.end(keepers.chain.id, rule.id, keepers.asker("keeper"))
    keepers.desk.keep(held.value.pending)
    assert keepers.decide("judge", held.value.pending.id) == "done"
    assert keepers.rules.listed(keepers.chain.id) == []
    people, asker = keepers.people, keepers.asker("keeper")
    people.set_grants(keepers.chain.id, keepers.ids["clerk"], [Grant("cashier")], asker)
    assert keepers.held("clerk") == {"cashier"}
