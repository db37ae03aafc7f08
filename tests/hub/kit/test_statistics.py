"""Sizes of tables, without which SQLite takes each chain for ten rows."""

from sqlalchemy import insert, select

from hub.archive.suppliers.records import Supplier
from hub.kit.ids import uuid7
from hub.kit.statistics import learn
from tests.hub.chain_under_test import ChainUnderTest

IDS = 20


def plan(chain: ChainUnderTest) -> str:
    """How a reader finds some records of a chain by their ids."""
    wanted = select(Supplier.id).where(
        Supplier.chain_id == chain.id, Supplier.id.in_([uuid7() for _ in range(IDS)])
    )
    with chain.db.system_read("test") as connection:
        sql = wanted.compile(connection, compile_kwargs={"literal_binds": True})
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")
        return " ".join(str(row[-1]) for row in rows)


def test_readers_plan_by_how_large_the_tables_are(chain: ChainUnderTest) -> None:
    rows = [
        {"id": uuid7(), "chain_id": chain.id, "version": 1, "code": f"X-{n}", "name": "Mill"}
        for n in range(2_000)
    ]
    with chain.db.system("test") as connection:
        connection.execute(insert(Supplier), rows)
    assert "(chain_id=?)" in plan(chain), "then this is no longer needed"
    learn(chain.db)
    assert "(id=?)" in plan(chain)
