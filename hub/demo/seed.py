"""The archive of the demo chain: stores, areas, equipment, agents and accounts."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hub.archive.areas.records import Area, AreaUse
from hub.archive.chains.service import open_chain
from hub.archive.equipment.records import Equipment, EquipmentType
from hub.archive.regions.records import Region
from hub.archive.stores.records import Store, Surroundings
from hub.demo.goods import stock_up
from hub.demo.paperwork import add_paperwork
from hub.ingest.registry import Registry
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope, ScopedSession
from hub.kit.migrate import upgrade
from hub.kit.records.apply import Change, apply
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.passwords import Passwords

CHAIN = "便民生活超市"
_ASKER = Asker.hub("demo")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


@dataclass(frozen=True, slots=True)
class DemoStore:
    """One store of the demo; `node` is its agent's edge node id."""

    number: int
    name: str
    district: str
    road: str
    surroundings: Surroundings
    floor_area_m2: float
    latitude_deg: float
    longitude_deg: float

    @property
    def node(self) -> str:
        return f"store-{self.number}"


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str


_S = Surroundings
_PLACES = (
    ("南京西路店", "静安区", "南京西路", _S.BUSINESS, 118.0, 31.2296, 121.4549),
    ("世纪大道店", "浦东新区", "世纪大道", _S.OFFICE, 96.0, 31.2284, 121.5271),
    ("徐家汇店", "徐汇区", "漕溪北路", _S.MALL, 104.0, 31.1939, 121.4377),
    ("五角场店", "杨浦区", "邯郸路", _S.SCHOOL, 132.0, 31.2990, 121.5145),
    ("中山公园店", "长宁区", "长宁路", _S.TRANSPORT, 88.0, 31.2187, 121.4166),
    ("四川北路店", "虹口区", "四川北路", _S.STREET, 92.0, 31.2530, 121.4840),
    ("长寿路店", "普陀区", "长寿路", _S.RESIDENTIAL, 110.0, 31.2417, 121.4360),
    ("莘庄店", "闵行区", "莘松路", _S.RESIDENTIAL, 126.0, 31.1113, 121.3756),
    ("淮海中路店", "黄浦区", "淮海中路", _S.BUSINESS, 84.0, 31.2201, 121.4690),
    ("友谊路店", "宝山区", "友谊路", _S.RESIDENTIAL, 108.0, 31.4056, 121.4890),
)
_AREAS = (
    ("卖场", AreaUse.SALES, 0.62),
    ("冷藏区", AreaUse.COLD, 0.12),
    ("收银区", AreaUse.TILL, 0.08),
    ("出入口", AreaUse.ENTRANCE, 0.06),
    ("仓库", AreaUse.STORAGE, 0.12),
)


@dataclass(frozen=True, slots=True)
class _Machine:
    code: str
    name: str
    type: EquipmentType
    device_id: str
    area: str
    cost_minor: int
    setpoint_c: float | None = None
    team: str | None = None


_COLD, _POWER, _IT = "制冷维修班", "机电维修班", "信息维修班"
_T = EquipmentType
_MACHINES = (
    _Machine("CAB-1", "冷藏柜 1", _T.CABINET, "cabinet-1", "冷藏区", 1_280_000, 4.0, _COLD),
    _Machine("CAB-2", "冷藏柜 2", _T.CABINET, "cabinet-2", "冷藏区", 1_280_000, 4.0, _COLD),
    _Machine("FRZ-1", "冷冻柜", _T.FREEZER, "freezer-1", "冷藏区", 960_000, -20.0, _COLD),
    _Machine("AC-1", "空调", _T.HVAC, "hvac-1", "卖场", 2_350_000, None, _POWER),
    _Machine("MTR-1", "电表", _T.METER, "meter-1", "仓库", 86_000, None, _POWER),
    _Machine("CNT-1", "客流计数器（正门）", _T.COUNTER, "door-1", "出入口", 180_000, None, _IT),
    _Machine("CNT-2", "客流计数器（侧门）", _T.COUNTER, "door-2", "出入口", 210_000, None, _IT),
    _Machine("POS-1", "收银机 1", _T.TILL, "till-1", "收银区", 420_000, None, _IT),
    _Machine("POS-2", "收银机 2", _T.TILL, "till-2", "收银区", 420_000, None, _IT),
)


def demo_stores(count: int) -> list[DemoStore]:
    """`count` stores; from the eleventh on a place has a second, third … one."""
    stores = []
    for index in range(count):
        name, district, road, surroundings, floor_area_m2, latitude, longitude = _PLACES[
            index % len(_PLACES)
        ]
        if again := index // len(_PLACES):
            name = f"{name.removesuffix('店')}{again + 1}店"
        where = (district, road, surroundings, floor_area_m2, latitude, longitude)
        stores.append(DemoStore(index + 1, f"上海{name}", *where))
    return stores


def new_login() -> Login:
    """A password for this run alone, easy to type."""
    parts = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    return Login("demo", "-".join(parts))


def seed_hub(
    data_dir: Path, group: str, stores: Sequence[DemoStore], login: Login, url: str = ""
) -> list[UUID]:
    """Make the hub's database with everything in it, before the hub starts; the stores' ids."""
    data_dir.mkdir(parents=True, exist_ok=True)
    db = Database(url or f"sqlite:///{data_dir / 'hub.sqlite'}")
    try:
        upgrade(db)
        return seed_chain(db, group, stores, login)
    finally:
        db.close()


def seed_chain(db: Database, group: str, stores: Sequence[DemoStore], login: Login) -> list[UUID]:
    """The chain, its stores with agents, and accounts, in a database that has its tables."""
    chain_id = open_chain(db, CHAIN)
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, _ASKER)
        region = apply(session, Region, Change(values={"code": "SH", "name": "上海"}))
        store_ids = [_add_store(session, store, region.id) for store in stores]
        add_paperwork(session, store_ids)
    registry = Registry(db)
    for store, store_id in zip(stores, store_ids, strict=True):
        registry.approve(group, store.node, chain_id=chain_id, store_id=store_id)
    stock_up(db, chain_id, dict(zip(store_ids, map(_opened_on, stores), strict=True)))
    _add_accounts(db, chain_id, store_ids, login)
    return store_ids


def _add_store(session: ScopedSession, store: DemoStore, region_id: UUID) -> UUID:
    values = {
        "code": f"SH{store.number:03d}",
        "name": store.name,
        "region_id": region_id,
        "address": f"上海市{store.district}{store.road}",
        "opening_hours": "07:00-23:00",
        "floor_area_m2": store.floor_area_m2,
        "surroundings": store.surroundings,
        "opened_on": _opened_on(store),
        "latitude_deg": store.latitude_deg,
        "longitude_deg": store.longitude_deg,
    }
    store_id = apply(session, Store, Change(values=values)).id
    areas = {}
    for name, use, share in _AREAS:
        area = {"store_id": store_id, "name": name, "use": use}
        area["floor_area_m2"] = round(store.floor_area_m2 * share, 1)
        areas[name] = apply(session, Area, Change(values=area)).id
    for machine in _MACHINES:
        values = _equipment(store, machine, areas[machine.area])
        apply(session, Equipment, Change(values=values | {"store_id": store_id}))
    return store_id


def _equipment(store: DemoStore, machine: _Machine, area_id: UUID) -> dict[str, Any]:
    bought = _opened_on(store) - timedelta(days=20)
    return {
        "code": machine.code,
        "name": machine.name,
        "type": machine.type,
        "area_id": area_id,
        "device_id": machine.device_id,
        "serial_no": f"SH{store.number:03d}-{machine.code}",
        "purchased_on": bought,
        "warranty_until": bought.replace(year=bought.year + 5, day=1),
        "service_life_months": 96,
        "setpoint_c": machine.setpoint_c,
        "cost_minor": machine.cost_minor,
        "team": machine.team,
    }


def _opened_on(store: DemoStore) -> date:
    return date(2021, 3, 18) + timedelta(days=97 * (store.number - 1))


def _add_accounts(db: Database, chain_id: UUID, store_ids: Sequence[UUID], login: Login) -> None:
    """`demo` may do everything; the others show what their role sees of the first store."""
    accounts = {
        login.username: ("体验账号", (Grant("admin"), Grant("hq_manager"))),
        "analyst": ("总部分析员", (Grant("hq_analyst"),)),
        "manager": ("店长", (Grant("store_manager", store_ids[0]),)),
        "technician": ("维修员", (Grant("technician", store_ids[0]),)),
    }
    passwords = Passwords()
    for username, (name, grants) in accounts.items():
        account = NewAccount(username, name, login.password, grants, must_change=False)
        add_account(db, passwords, chain_id, account, _ASKER)
