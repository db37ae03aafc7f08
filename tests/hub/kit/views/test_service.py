"""Saved views: own and shared, found by name, changed by those who made them (UX-09)."""

from uuid import UUID

import pytest

from hub.archive.equipment.records import Equipment
from hub.errors import ConflictError, InvalidError, NotFoundError
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.ids import uuid7
from hub.kit.session import ScopedSession
from hub.kit.views.models import SavedView
from hub.kit.views.service import MAX_VIEWS, delete_view, find_view, save_view, views_for
from tests.hub.chain_under_test import ChainUnderTest

ANNA, BEN = uuid7(), uuid7()
COLD = [("filter[type]", "freezer"), ("sort", "-name")]


def as_(session: ScopedSession, who: UUID) -> ScopedSession:
    bind_asker(session, Asker(who, "Anna" if who == ANNA else "Ben", EveryRight()))
    return session


def keep(session: ScopedSession, name: str, *, shared: bool = False) -> SavedView:
    return save_view(session, Equipment, name, COLD, "filter[type]=freezer", is_shared=shared)


def names(session: ScopedSession, who: UUID) -> list[str]:
    return [view.name for view in views_for(as_(session, who), Equipment)]


def test_own_views_come_first_and_others_only_when_they_are_shared(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        keep(as_(session, ANNA), "secret")
        keep(session, "cold", shared=True)
        keep(as_(session, BEN), "mine")
        assert names(session, BEN) == ["mine", "cold"]
        assert names(session, ANNA) == ["secret", "cold"]


def test_a_view_of_the_same_name_is_replaced(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        first = keep(as_(session, ANNA), "cold")
        again = save_view(session, Equipment, " cold ", [], "sort=code")
        assert again.id == first.id
        assert find_view(views_for(session, Equipment), "cold").query == "sort=code"


def test_two_shared_views_never_have_one_name(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        keep(as_(session, ANNA), "cold", shared=True)
        with pytest.raises(ConflictError):
            keep(as_(session, BEN), "cold", shared=True)


def test_only_the_owner_deletes_or_who_tidies_up(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        view = keep(as_(session, ANNA), "cold", shared=True)
        own = keep(session, "own")
        as_(session, BEN)
        for one in (view, own):
            with pytest.raises(NotFoundError):
                delete_view(session, one.id)
        with pytest.raises(NotFoundError):
            delete_view(session, own.id, may_tidy=True)
        delete_view(session, view.id, may_tidy=True)
        assert names(session, BEN) == []


def test_a_view_that_would_open_with_an_error_is_refused(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        as_(session, ANNA)
        with pytest.raises(InvalidError):
            save_view(session, Equipment, "odd", [("filter[nothing]", "1")], "filter[nothing]=1")
        for name in ("", "  ", "x" * 41):
            with pytest.raises(InvalidError):
                keep(session, name)


def test_nobody_has_more_views_than_can_be_told_apart(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        as_(session, ANNA)
        for number in range(MAX_VIEWS):
            keep(session, f"view {number}")
        with pytest.raises(ConflictError):
            keep(session, "one more")
        keep(session, "view 3", shared=True)
