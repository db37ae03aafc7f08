"""The total of a list is counted rarely, and never shared with those who see something else."""

from typing import Any
from uuid import UUID

from hub.archive.areas.records import Area
from hub.archive.regions.records import Region
from hub.kit.db import Record, ScopedSession
from hub.kit.records.apply import Change, apply
from hub.kit.records.query import parse, rows
from hub.web.recent import Recent
from hub.web.records.totals import TOTAL_AGE_S, known_total, total_of
from tests.hub.chain_under_test import ChainUnderTest, RightsOf


def count(recent: Recent, session: ScopedSession, model: Any, **params: str) -> int | str:
    query = parse(model, [("size", "1"), *params.items()])
    found: Any = rows(session, model, query)
    known = known_total(recent, session, model, query, found)
    return total_of(recent, session, model, query) if known is None else known


def add(session: ScopedSession, model: type[Record], **values: object) -> UUID:
    return apply(session, model, Change(values=values)).id


def test_a_list_of_one_page_is_not_counted(chain: ChainUnderTest) -> None:
    recent = Recent()
    with chain.write() as session:
        assert count(recent, session, Region) == 1
        add(session, Region, code="R2", name="North")
        assert count(recent, session, Region) == 2


def test_a_longer_list_is_counted_once_a_minute_and_filter(chain: ChainUnderTest) -> None:
    now = 1000.0
    recent = Recent(lambda: now)
    with chain.write() as session:
        add(session, Region, code="R2", name="North")
        assert count(recent, session, Region) == 2
        add(session, Region, code="R3", name="North-east")
        assert count(recent, session, Region) == 2
        assert count(recent, session, Region, sort="-name") == 2
        assert count(recent, session, Region, q="North") == 2
        now += TOTAL_AGE_S + 1
        assert count(recent, session, Region) == 3


def test_totals_are_shared_only_by_those_who_see_the_same(chain: ChainUnderTest) -> None:
    recent = Recent()
    first = chain.stores[0].id
    with chain.write() as session:
        add(session, Area, store_id=first, name="Back room")
    with chain.read() as session:
        assert count(recent, session, Area) == 3
    with chain.read(stores=frozenset({first})) as session:
        assert count(recent, session, Area) == 2
    mine = RightsOf({"areas.read": frozenset({first})})
    with chain.read(mine) as session:
        assert count(recent, session, Area) == 2
