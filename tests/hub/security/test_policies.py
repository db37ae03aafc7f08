"""Policies that bind: nobody works on before they have accepted the wording in force (SEC-23)."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from hub.errors import ConflictError, NotFoundError
from hub.kit.records.log import ChangeLog
from hub.security.accounts import Grant
from hub.security.actor import Actor, Hurdle
from hub.security.policies import Policies, Wording
from hub.security.sessions import Origin
from hub.security.tokens import Tokens
from tests.hub.chain_under_test import HUB, PASSWORD, ChainUnderTest, sign_in_for

HERE = Origin("192.0.2.1", "test")
POLICY = uuid4()
FIRST = Wording(POLICY, "Food safety", "Wash your hands.")
SECOND = Wording(POLICY, "Food safety", "Wash your hands, twice.")


class Shop:
    """A clerk who is signed in, and what the chain asks of them."""

    def __init__(self, chain: ChainUnderTest) -> None:
        self.chain, self.policies = chain, Policies(chain.db)
        chain.add_user("clerk", Grant("clerk"))
        self.door = sign_in_for(chain.db)
        self.secret = self.door.sign_in("clerk", PASSWORD, HERE, cookie=True).secret

    @property
    def clerk(self) -> Actor:
        return self.door.sessions.actor(self.secret)

    def accept(self, number: int = 0) -> None:
        clerk = self.clerk
        edition = self.policies.waiting(self.chain.id, clerk.user_id)[number]
        self.policies.accept(self.chain.id, clerk.user_id, edition.id, HUB)


@pytest.fixture
def shop(chain: ChainUnderTest) -> Shop:
    return Shop(chain)


def test_a_published_policy_stands_before_work_until_it_is_accepted(shop: Shop) -> None:
    assert shop.clerk.hurdle is None
    assert shop.policies.publish(shop.chain.id, FIRST, HUB) == 1
    assert shop.clerk.hurdle is Hurdle.POLICIES
    shop.accept()
    assert shop.clerk.hurdle is None


def test_a_new_wording_is_accepted_anew_and_the_same_is_none(shop: Shop) -> None:
    shop.policies.publish(shop.chain.id, FIRST, HUB)
    old = shop.policies.waiting(shop.chain.id, shop.clerk.user_id)[0].id
    with pytest.raises(ConflictError):
        shop.policies.publish(shop.chain.id, FIRST, HUB)
    shop.accept()
    assert shop.policies.publish(shop.chain.id, SECOND, HUB) == 2
    assert shop.clerk.hurdle is Hurdle.POLICIES
    with pytest.raises(NotFoundError):
        shop.policies.accept(shop.chain.id, shop.clerk.user_id, old, HUB)
    shop.accept()
    assert shop.clerk.hurdle is None


def test_several_are_accepted_one_by_one_and_a_withdrawn_one_is_not_asked_for(shop: Shop) -> None:
    other = Wording(uuid4(), "Data", "Tell nobody.")
    shop.policies.publish(shop.chain.id, FIRST, HUB)
    shop.policies.publish(shop.chain.id, other, HUB)
    shop.accept(1)
    assert shop.clerk.hurdle is Hurdle.POLICIES
    shop.policies.withdraw(shop.chain.id, POLICY, HUB)
    assert shop.clerk.hurdle is None
    with pytest.raises(NotFoundError):
        shop.policies.withdraw(shop.chain.id, POLICY, HUB)


def test_who_accepted_and_who_did_not_is_told(shop: Shop) -> None:
    shop.chain.add_user("late", Grant("clerk"))
    shop.policies.publish(shop.chain.id, FIRST, HUB)
    shop.accept()
    (standing,) = shop.policies.standing(shop.chain.id)
    assert (standing.accepted, standing.missing) == (1, ("late",))
    with shop.chain.read() as session:
        actions = set(session.scalars(select(ChangeLog.action)))
    assert {"policy_published", "policy_accepted"} <= actions


def test_a_programs_token_goes_on_and_another_chain_is_not_asked(
    shop: Shop, chain: ChainUnderTest
) -> None:
    tokens = Tokens(chain.db)
    token = tokens.make(shop.clerk, "till", ["stores.read"], days=1, origin=HERE, asker=HUB)
    shop.policies.publish(chain.id, FIRST, HUB)
    assert shop.door.sessions.actor(token.secret).hurdle is None
    shop.policies.withdraw(chain.id, POLICY, HUB)
    shop.policies.publish(uuid4(), FIRST, HUB)
    assert shop.clerk.hurdle is None
