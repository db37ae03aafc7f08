"""Leases, terms and the journal of a shard on a real PostgreSQL (OPS-02, R20, R21)."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from hub.app import open_parts
from hub.errors import StartError
from hub.ingest.block import Block
from hub.ingest.checkpoints import SqlCheckpoints
from hub.ingest.ears import Ears
from hub.ingest.journal import JournalBase, RowKind
from hub.ingest.leases import Leases
from hub.ingest.node import Declared
from hub.ingest.positions import load_position, row_name, save_position
from hub.ingest.registry import Registry
from hub.ingest.shards import Lease, LeasedDatabase, LeaseLostError, shard_of
from hub.ingest.shared_last import FollowedLast, SharedLast, SqlPlace, follow_readings
from hub.ingest.sql_journal import SqlJournal
from hub.ingest.tables import NodeState
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.migrate import upgrade
from hub.live import Event, EventKind
from hub.live.shared import SharedLive
from hub.settings import HubSettings, Role
from hub.timeseries.port import Points, TimeSeries
from hub.worker import serve_worker
from tests.postgresql import running_postgresql
from tests.servers import wait_for

pytestmark = pytest.mark.integration
SHARDS = 4


@pytest.fixture(scope="module")
def server() -> Iterator[Database]:
    with running_postgresql() as url:
        db = Database(url)
        upgrade(db)
        yield db
        db.close()


@pytest.fixture
def db(server: Database) -> Database:
    tables = (
        "shard_lease, ingest_workers, journal_entries, journal_marks, journal_lives,"
        " journal_births, detector_checkpoints, last_values, agents, series, agent_aliases,"
        " store_numbers, consumers, engine_places, pending_nodes"
    )
    with server.system("test") as connection:
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))
    return server


def expire(db: Database) -> None:
    """As if every worker had been silent for longer than its leases live."""
    with db.system("test") as connection:
        connection.execute(text("UPDATE shard_lease SET until = now() - interval '1 second'"))
        connection.execute(text("UPDATE ingest_workers SET until = now() - interval '1 second'"))


def taken(db: Database, name: str = "one", shards: int = 1) -> Lease:
    return Leases(db, name, shards=shards).renew().held[0]


def test_workers_share_the_shards_and_give_up_what_is_too_much(db: Database) -> None:
    one, two = (Leases(db, name, shards=SHARDS) for name in ("one", "two"))
    assert len(one.renew().held) == SHARDS
    assert two.renew().held == {}, "all are held"
    crowded = one.renew()
    assert [lease.shard for lease in crowded.surplus] == [2, 3]
    for lease in crowded.surplus:
        one.give(lease)
    assert sorted(two.renew().held) == [2, 3]
    assert sorted(one.renew().held) == [0, 1]
    one.leave()
    expire(db)
    assert sorted(two.renew().held) == [0, 1, 2, 3]


def test_a_dead_workers_shards_are_taken_with_a_higher_term(db: Database) -> None:
    first = Leases(db, "one", shards=SHARDS).renew().held
    expire(db)
    second = Leases(db, "two", shards=SHARDS).renew().held
    assert first.keys() == second.keys()
    assert all(second[n].term > first[n].term for n in first)


def test_a_worker_learns_that_its_shards_are_gone(db: Database) -> None:
    paused = Leases(db, "one", shards=SHARDS)
    paused.renew()
    expire(db)
    Leases(db, "two", shards=SHARDS).renew()
    assert paused.renew().held == {}


def test_the_number_of_shards_is_that_of_the_first_start(db: Database) -> None:
    Leases(db, "one", shards=SHARDS)
    assert Leases(db, "two", shards=9).count == SHARDS


def test_every_store_has_one_shard() -> None:
    stores = [uuid7() for _ in range(4000)]
    sizes = np.bincount([shard_of(store, 16) for store in stores], minlength=16)
    assert sizes.min() > 180
    assert [Lease(shard, 16, "", 1).has(stores[0]) for shard in range(16)].count(True) == 1


def journal_of(db: Database, lease: Lease) -> SqlJournal:
    return SqlJournal(LeasedDatabase(db, lease))


def fill(journal: JournalBase, rows: int) -> None:
    agent = uuid7()
    for number in range(1, rows + 1):
        journal.append(
            agent,
            RowKind.NODE_DATA,
            b"x" * 50,
            received_ms=number,
            epoch=(1 << 64) - 3,
            batch_id=number,
        )
        journal.mark(agent, (1 << 64) - 3, number, number)


def test_the_journal_of_a_shard_outlives_its_worker(db: Database) -> None:
    journal = journal_of(db, taken(db))
    fill(journal, 5)
    agent = uuid7()
    journal.live(agent, 9, 1)
    journal.live(agent, 8, 2)
    journal.born(agent, 7)
    journal.commit()
    expire(db)
    after = journal_of(db, taken(db, "two"))
    assert [row.batch_id for row in after.read(0)] == [1, 2, 3, 4, 5]
    assert after.read(3) == journal.read(3), "from memory as from the database"
    assert list(after.watermarks()[agent].lives) == [9, 8]
    assert after.births() == {agent: 7}
    assert [marks.marks for marks in after.watermarks().values() if marks.marks] == [
        {(1 << 64) - 3: 5}
    ]
    after.forget_lives(agent)
    assert agent not in after.watermarks()
    assert after.drop(4, 1 << 40) == 4
    assert [row.seq for row in after.read(0)] == [5]
    assert journal_of(db, after._db.lease).next_seq == 6


def test_a_paused_workers_write_is_refused(db: Database) -> None:
    """R20: nothing of it is durable, and what it knew is forgotten."""
    lease = taken(db)
    paused = journal_of(db, lease)
    fill(paused, 2)
    paused.commit()
    expire(db)
    owner = journal_of(db, taken(db, "two"))
    fill(paused, 1)
    with pytest.raises(LeaseLostError):
        paused.commit()
    fill(owner, 1)
    owner.commit()
    assert len(owner.read(0)) == 3
    stale = LeasedDatabase(db, lease)
    for write in (
        lambda: SqlCheckpoints(stale).save(1, b""),
        lambda: SqlPlace(stale, Path(), "somewhere"),
        lambda: SqlJournal(stale),
    ):
        with pytest.raises(LeaseLostError):
            write()
    assert stale.refused == 3


def test_a_shard_is_not_taken_in_the_middle_of_a_write(db: Database) -> None:
    """R20: the taker waits for the transaction; a renewal does not."""
    leases = Leases(db, "one", shards=1)
    leased = LeasedDatabase(db, leases.renew().held[0])
    order: list[str] = []

    def take() -> None:
        with db.system("test") as connection:
            asked = {"name": "two", "ttl": 9, "shard": 0}
            connection.execute(
                text("UPDATE shard_lease SET owner = :name, term = term + 1 WHERE shard = :shard"),
                asked,
            )
            order.append("taken")

    thread = threading.Thread(target=take)
    with leased.system("test") as connection:
        assert leases.renew().held, "a renewal goes on beside it"
        thread.start()
        time.sleep(0.2)
        save_position(connection, "x", 1, datetime.now(UTC))
        order.append("written")
    thread.join()
    assert order == ["written", "taken"]


def test_checkpoints_and_positions_belong_to_the_shard(db: Database) -> None:
    lease = taken(db)
    leased = LeasedDatabase(db, lease)
    kept = SqlCheckpoints(leased)
    for position in (10, 20, 30):
        kept.save(position, b"%d" % position)
    assert kept.positions() == [30, 20]
    assert list(kept.newest_first(25)) == [(20, b"20")]
    kept.drop(30)
    assert kept.positions() == [20]
    with leased.system("test") as connection:
        save_position(connection, row_name("events", lease), 5, datetime.now(UTC))
        assert load_position(connection, "events") == 0
        assert load_position(connection, "events@0") == 5
    place = SqlPlace(leased, Path(), "server/db")
    place.save(77)
    assert SqlPlace(leased, Path(), "server/db").position == 77
    assert SqlPlace(leased, Path(), "other").position == 0


def test_a_worker_hears_and_numbers_its_own_nodes_alone(db: Database) -> None:
    """And a newcomer as soon as it is approved, wherever that was done."""
    office, chain_id = Registry(db), uuid7()
    leases = Leases(db, "one", shards=2).renew().held
    workers = [Registry(LeasedDatabase(db, leases[n]), lease=leases[n]) for n in (0, 1)]
    ears = [Ears(worker, leases[n]) for n, worker in enumerate(workers)]
    assert [ear.is_host for ear in ears] == [True, False]
    assert any("NBIRTH" in topic for topic, _ in ears[0].filters())
    for number in range(6):
        office.approve("g", f"n-{number}", chain_id=chain_id, store_id=uuid7())
    heard = [ear.newcomers() for ear in ears]
    topics = {topic for found in heard for topic, _ in found}
    assert topics == {f"spBv1.0/g/+/n-{n}{end}" for n in range(6) for end in ("", "/+")}
    assert not set(heard[0]) & set(heard[1])
    assert ears[0].newcomers() == ()
    numbers: list[int] = []
    for worker in workers:
        for node in worker.nodes():
            worker.declare(node, [Declared(1, "d", "m"), Declared(2, "d", "n")], seq=1)
            numbers += node.aliases.series.values()
        for number in range(6):
            worker.note_pending("g", f"n-{number}")
    assert sorted(numbers) == list(range(1, 13)), "no number is given twice"
    for worker in workers:
        assert set(worker._pending) == {("g", node.node) for node in worker.nodes()}
    office.follow()
    assert len({office.series(number).store_id for number in numbers}) == 6


class Engine:
    """As much of one as a consumer of last values asks for."""

    def position(self) -> int:
        return 3


def reading(series: int, value: float) -> Block:
    now_ms = np.full(1, 1_700_000_000_000, np.int64)
    points = Points.of([series], now_ms.tolist(), [value])
    return Block(4, 4, points, np.zeros(1, np.bool_), now_ms, (), ())


def store_of_worker(db: Database, leased: LeasedDatabase) -> tuple[Registry, Registry]:
    """The registry of a process that serves pages, and of a worker with one store on line."""
    office = Registry(db)
    office.approve("g", "n", chain_id=uuid7(), store_id=uuid7())
    mine = Registry(leased, lease=leased.lease)
    (node,) = mine.nodes()
    mine.declare(node, [Declared(1, "d", "m")], seq=1)
    mine.change_state(node, NodeState.ONLINE)
    mine.save_states()
    office.follow()
    return office, mine


def test_pages_of_another_process_see_the_last_values(db: Database) -> None:
    leased = LeasedDatabase(db, taken(db))
    office, mine = store_of_worker(db, leased)
    (node,) = office.nodes()
    assert node.state is NodeState.ONLINE
    told, pages = SharedLive(db), SharedLive(db)
    last, heard = FollowedLast(db, office), []
    told.start()

    def hear(stores: Sequence[UUID]) -> None:
        follow_readings(pages, last, stores)
        heard.append(stores)

    pages.listen(hear)
    shared = SharedLast(leased, mine, told, cast("TimeSeries", Engine()))
    assert last.of([1]).t_ms.tolist() == [0]

    def is_heard() -> bool:
        shared.apply(reading(1, 3.5 + len(heard)))
        shared._written -= 5
        shared.tick()
        told.publish(Event(EventKind.ALERT, node.store_id, {"id": "1"}))
        return bool(heard) and pages.changes > 0

    wait_for(is_heard, 10, "the other process was told nothing")
    seen = last.of([1]).value.tolist()
    assert seen[0] >= 3.5
    again = SharedLast(leased, mine, told, cast("TimeSeries", Engine()))
    assert again._last.of([1]).value >= seen, "the next worker begins with it"
    told.close()
    pages.close()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"role": Role.INGEST}, "need PostgreSQL"),
        ({"role": Role.INGEST, "database_url": "postgresql+psycopg://x"}, "DuckDB allows one"),
    ],
)
def test_a_worker_that_cannot_share_says_so(
    given: dict[str, object], says: str, tmp_path: Path
) -> None:
    settings = HubSettings(data_dir=tmp_path, **given)  # type: ignore[arg-type]  # of the table
    with pytest.raises(StartError, match=says):
        asyncio.run(serve_worker(settings))


def test_one_process_for_everything_does_not_begin_beside_workers(
    db: Database, tmp_path: Path
) -> None:
    Leases(db, "one", shards=1).renew()
    settings = HubSettings(data_dir=tmp_path, database_url=db.url, role=Role.ALL)
    with pytest.raises(StartError, match="--role web"), open_parts(settings):
        pass
