"""The demo's archive: what a person finds after the first log-in (OPS-07)."""

import pytest
from sqlalchemy import func, select

from agent.simulator.plant import device_ids
from hub.archive.areas.records import Area
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.demo.seed import _MACHINES, Login, demo_stores, new_login, seed_chain
from hub.ingest.tables import AgentRow
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope
from hub.security.passwords import demand_strong
from hub.security.records import User

LOGIN = Login("demo", "abcd-efgh-2345")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('demo') / 'hub.sqlite'}")
    database.create_all()
    seed_chain(database, "demo-0", demo_stores(2), LOGIN)
    return database


def test_every_store_has_its_equipment_in_an_area_and_its_agent(db: Database) -> None:
    with db.system_read("test") as connection:
        stores = connection.execute(select(Store.id, Store.chain_id)).all()
        agents = connection.execute(select(AgentRow.store_id, AgentRow.node_id)).all()
    assert {row.store_id for row in agents} == {row.id for row in stores}
    assert {row.node_id for row in agents} == {"store-1", "store-2"}
    with db.read(Scope(stores[0].chain_id)) as session:
        bind_asker(session, Asker.hub("test"))
        for store_id, _ in stores:
            machines = session.scalars(
                select(Equipment).where(Equipment.store_id == store_id)
            ).all()
            areas = set(session.scalars(select(Area.id).where(Area.store_id == store_id)))
            assert {machine.device_id for machine in machines} == {
                *("cabinet-1", "cabinet-2", "freezer-1", "hvac-1", "meter-1"),
                *("door-1", "door-2", "till-1", "till-2"),
            }
            assert {machine.area_id for machine in machines} <= areas


def test_there_is_somebody_to_log_in_as(db: Database) -> None:
    with db.system_read("test") as connection:
        names = set(connection.scalars(select(User.username)))
        count = connection.scalar(select(func.count()).select_from(Store))
    assert names == {"demo", "analyst", "manager", "technician"}
    assert count == 2


def test_thirty_stores_have_thirty_names() -> None:
    names = [store.name for store in demo_stores(30)]
    assert len(set(names)) == 30
    assert all(name.startswith("上海") and name.endswith("店") for name in names)


def test_a_password_is_new_each_time_and_strong() -> None:
    first, second = new_login(), new_login()
    assert first.password != second.password
    demand_strong(first.password, first.username)


def test_equipment_names_the_devices_that_the_simulator_has() -> None:
    assert {machine.device_id for machine in _MACHINES} == set(device_ids())
