"""The same database rules on a real PostgreSQL: scope, log, migrations, order of commits."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hub.alerts.notices.services import AllowedHosts
from hub.archive.equipment.records import Equipment
from hub.archive.products.records import Product
from hub.archive.stores.records import Store
from hub.archive.suppliers.records import Supplier
from hub.archive.webhooks.records import Webhook
from hub.errors import ConflictError
from hub.kit.db import Database
from hub.kit.migrate import check, upgrade
from hub.kit.records.apply import Change, VersionConflictError, apply, undo
from hub.kit.records.history import history
from hub.kit.records.log import ChangeLog
from hub.kit.records.ports import Ports
from hub.kit.records.query import parse, rows, total
from hub.security.accounts import Grant
from hub.security.replays import Answer, Once
from hub.security.sessions import Origin
from hub.security.vault.opening import open_vault
from hub.webhooks.sending import Dispatcher
from tests.hub.alerts.notices.servers import web_service
from tests.hub.chain_under_test import PASSWORD, open_chain_under_test, sign_in_for
from tests.postgresql import running_postgresql

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_postgresql() as address:
        yield address


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    database = Database(url)
    with database.system("test") as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    upgrade(database)
    yield database
    database.close()


def test_no_migration_is_missing_and_several_may_start_at_once(db: Database) -> None:
    check(db)
    revisions: list[str] = []
    threads = [threading.Thread(target=lambda: revisions.append(upgrade(db))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(revisions)) == 1
    assert len(revisions) == 4


def test_records_live_as_on_sqlite(db: Database) -> None:
    chain = open_chain_under_test(db, "amber")
    open_chain_under_test(db, "cobalt")
    mine, theirs = chain.stores
    with chain.write() as session:
        apply(session, Equipment, Change(mine.cabinet, {"brand": "Haier"}, version=1))
        with pytest.raises(VersionConflictError):
            apply(session, Equipment, Change(mine.cabinet, {"brand": "Aucma"}, version=1))
        twin = {"store_id": mine.id, "code": "CAB-1", "name": "Twin", "type": "cabinet"}
        with pytest.raises(ConflictError) as caught:
            apply(session, Equipment, Change(values=twin))
        assert caught.value.fields.keys() == {"code"}
        step = history(session, Equipment, mine.cabinet)[0]
        assert undo(session, Equipment, mine.cabinet, step.seq).brand is None
    with chain.read(stores=frozenset({theirs.id})) as session:
        assert session.scalars(select(Equipment.name)).all() == ["amber-2-cabinet"]
        query = parse(Store, [("q", "AMBER"), ("sort", "-name"), ("size", "1")])
        assert [store.name for store in rows(session, Store, query).items] == ["amber-2"]
        assert total(session, Store, query) == 1


def test_lines_and_labels_live_as_on_sqlite(db: Database) -> None:
    """SUP-01, PRD-01"""
    chain = open_chain_under_test(db, "amber")
    with chain.write() as session:
        apply(session, Supplier, Change(chain.supplier, {"product_kinds": ["饮料", "水果"]}))
        query = parse(Supplier, [("filter[product_kinds]", "水果"), ("q", "shuiguo")])
        assert [one.id for one in rows(session, Supplier, query).items] == [chain.supplier]
        moved = [{"name": "new", "barcode": "6901234567892"}]
        product = apply(session, Product, Change(chain.product, {"variants": moved}))
        assert [(v.name, product.version) for v in product.variants] == [("new", 2)]
        twice = {"code": "P-2", "name": "copy", "variants": moved}
        with pytest.raises(ConflictError) as caught:
            apply(session, Product, Change(values=twice))
        assert caught.value.fields.keys() == {"variants"}
        assert apply(session, Product, Change(values=twice | {"variants": []})).version == 1


def test_people_sign_in_as_on_sqlite(db: Database) -> None:
    chain = open_chain_under_test(db, "amber")
    chain.add_user("li", Grant("clerk", chain.stores[0].id))
    door = sign_in_for(db)
    secret = door.sign_in("li", PASSWORD, Origin("192.0.2.1"), cookie=True).secret
    assert door.sessions.actor(secret).roles == ("clerk",)


def test_a_reader_cannot_write_and_the_log_is_append_only(db: Database) -> None:
    open_chain_under_test(db, "amber")

    def execute(statement: str, *, read: bool) -> None:
        with db.system_read("test") if read else db.system("test") as connection:
            connection.execute(text(statement))

    with pytest.raises(DBAPIError, match="read-only transaction"):
        execute("DELETE FROM sign_in_failures", read=True)
    for statement in ("DELETE FROM changes", "UPDATE changes SET reason = 'x'"):
        with pytest.raises(DBAPIError, match="only ever added to"):
            execute(statement, read=False)


def test_the_log_is_numbered_in_the_order_of_commits(db: Database) -> None:
    """A reader that remembers the last number it saw must never miss a row."""
    chain = open_chain_under_test(db, "amber")
    numbers = select(ChangeLog.seq).order_by(ChangeLog.seq)
    seen: list[int] = []
    done = threading.Event()

    def write(store: int) -> None:
        for number in range(40):
            with chain.write() as session:
                wish = Change(chain.stores[store].cabinet, {"team": f"team {number}"})
                apply(session, Equipment, wish)

    def follow() -> None:
        last = 0
        while True:
            is_last = done.is_set()
            with db.system_read("test") as connection:
                newer = select(ChangeLog.seq).where(ChangeLog.seq > last).order_by(ChangeLog.seq)
                found = list(connection.scalars(newer))
            seen.extend(found)
            last = found[-1] if found else last
            if is_last:
                return

    writers = [threading.Thread(target=write, args=(store,)) for store in (0, 1)]
    reader = threading.Thread(target=follow)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    with db.system_read("test") as connection:
        every = list(connection.scalars(numbers))
    assert seen == every
    assert len(every) > 80


def test_two_who_change_the_same_records_in_opposite_order_both_finish(db: Database) -> None:
    chain = open_chain_under_test(db, "amber")
    cabinets = [store.cabinet for store in chain.stores]
    failed: list[BaseException] = []

    def write(order: list[UUID]) -> None:
        try:
            for number in range(20):
                with chain.write() as session:
                    for cabinet in order:
                        wish = Change(cabinet, {"team": f"{order[0]} {number}"})
                        apply(session, Equipment, wish)
        except DBAPIError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(o,)) for o in (cabinets, cabinets[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_two_writers_of_one_field_never_both_win_silently(db: Database) -> None:
    chain = open_chain_under_test(db, "amber")
    cabinet = chain.stores[0].cabinet
    outcomes: list[str] = []

    def write(brand: str) -> None:
        try:
            with chain.write() as session:
                apply(session, Equipment, Change(cabinet, {"brand": brand}, version=1))
            outcomes.append("won")
        except ConflictError:
            outcomes.append("told")

    threads = [threading.Thread(target=write, args=(f"brand {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["told"] * 5 + ["won"]


def test_other_systems_are_told_and_a_key_is_kept_once(db: Database, tmp_path: Path) -> None:
    """INT-15: claimed rows are locked, and the second of two same requests is told to wait."""
    chain = open_chain_under_test(db, "amber")
    room = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    db.ports = Ports(vault=room.vault)
    dispatcher = Dispatcher(db, room.vault, AllowedHosts(frozenset({"127.0.0.1"})))
    dispatcher.tick()
    with web_service() as receiver:
        hook = {"name": "ERP", "url": receiver.url, "secret": "s" * 24, "is_active": True}
        with chain.write() as session:
            apply(session, Webhook, Change(values=hook))
        with chain.write() as session:
            apply(session, Supplier, Change(chain.supplier, {"name": "North Wind"}))
        assert [dispatcher.tick(), dispatcher.tick()] == [1, 0]
        assert [body["event"] for _, body in receiver.requests] == ["suppliers.update"]
    dispatcher.close()
    once = Once.of(chain.id, chain.id, "one", b"POST /x")
    with chain.write() as first:
        once.keep(first, Answer(201, {}, "{}"))
    with chain.read() as later:
        kept = once.answered(later)
        assert kept == Answer(201, {}, "{}")
    with pytest.raises(ConflictError), chain.write() as second:
        once.keep(second, Answer(201, {}, "{}"))
    room.keys.close()
