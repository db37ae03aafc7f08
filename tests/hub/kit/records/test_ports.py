"""What the engine asks of others, and what it does without them."""

from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from hub.archive.regions.records import Region
from hub.errors import BusyError, ForbiddenError, T
from hub.kit.ids import uuid7
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.ports import NoVault, Place, Ports, Wish, ports_of
from tests.hub.chain_under_test import ChainUnderTest

HELD = T("要先审批。", "This needs approval.")


class Gate:
    """Holds back every change of one action."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.asked: list[Wish] = []

    def demand(self, session: Session, wish: Wish) -> None:
        self.asked.append(wish)
        if wish.action == self.action:
            raise ForbiddenError(HELD)


@pytest.mark.parametrize("action", [Action.UPDATE, Action.ARCHIVE])
def test_a_change_that_is_held_back_leaves_the_record_as_it_was(
    chain: ChainUnderTest, action: Action
) -> None:
    """SEC-12"""
    gate = Gate(action.value)
    chain.db.ports = Ports(approvals=gate)
    values = {"name": "north"} if action is Action.UPDATE else {}
    with chain.write() as session:
        with pytest.raises(ForbiddenError):
            apply(session, Region, Change(chain.region, values, action=action))
        assert ports_of(session).approvals is gate
    assert gate.asked == [Wish("regions", chain.region, None, action.value, values, version=1)]
    with chain.read() as session:
        region = session.get_one(Region, chain.region)
        assert (region.version, region.name, region.archived_at) == (1, "amber-region", None)


def test_a_new_record_is_asked_about_too(chain: ChainUnderTest) -> None:
    chain.db.ports = Ports(approvals=Gate("create"))
    with chain.write() as session, pytest.raises(ForbiddenError):
        apply(session, Region, Change(values={"code": "N", "name": "north"}))


def test_without_a_vault_nothing_secret_is_kept() -> None:
    place = Place(uuid4(), "suppliers", "bank_account", uuid7())
    with pytest.raises(BusyError):
        NoVault().seal(place, "6222")
    with pytest.raises(BusyError):
        NoVault().open(place, "sealed")
