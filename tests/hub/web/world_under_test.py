"""A whole hub over two chains with two stores each, and one person a role in the first store."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.archive.custom_fields.fields import Definitions
from hub.archive.customers.records import Customer
from hub.archive.staff.records import Employee
from hub.ingest.registry import Registry
from hub.kit.db import Database
from hub.kit.migrate import upgrade
from hub.kit.records.apply import Change, apply
from hub.kit.records.ports import Ports
from hub.live import Live
from hub.security.accounts import Grant
from hub.security.approvals.gate import Gate
from hub.security.records import User
from hub.security.roles import OWN_ONLY, SEEDS
from hub.security.vault.opening import open_vault
from hub.settings import HubSettings
from hub.timeseries.engines import open_timeseries
from hub.timeseries.last import LastValues
from hub.web.application import create_app
from hub.web.approvals import export_gate, open_desk
from hub.web.assets import Assets
from hub.web.rendering import Templates
from hub.web.services import Services
from tests.databases import new_address
from tests.hub.chain_under_test import (
    PASSWORD,
    ChainUnderTest,
    StoreUnderTest,
    open_chain_under_test,
    sign_in_for,
)

API = "/api/v1"
ORIGIN = "http://127.0.0.1:8080"
CHIEF = "chief"  # an admin of the whole chain
WIDE = "wide"  # every role at once in the whole chain


@dataclass(frozen=True)
class World:
    """`mine` is the store of everybody named after a role; `foreign` is where nobody is."""

    services: Services
    amber: ChainUnderTest
    cobalt: ChainUnderTest
    _clients: dict[str, TestClient] = field(default_factory=dict)

    @property
    def mine(self) -> StoreUnderTest:
        return self.amber.stores[0]

    @property
    def foreign(self) -> tuple[StoreUnderTest, ...]:
        """The other store of the chain, and both of another chain."""
        return (self.amber.stores[1], *self.cobalt.stores)

    @cached_property
    def openapi(self) -> dict[str, Any]:
        """What the hub says of its API."""
        found: dict[str, Any] = self.app.openapi()
        return found

    @cached_property
    def app(self) -> FastAPI:
        """One for all: its first request takes half a second, to compile the routes."""
        return create_app(self.services)

    def browser(self) -> TestClient:
        """Nobody signed in."""
        return TestClient(self.app, base_url=ORIGIN, raise_server_exceptions=False)

    def as_(self, username: str) -> TestClient:
        """A program with a bearer token; the same client each time."""
        if username not in self._clients:
            client = self.browser()
            form = {"username": username, "password": PASSWORD}
            token = client.post(f"{API}/auth/token", data=form).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            self._clients[username] = client
        return self._clients[username]

    def signed_in(self, username: str) -> TestClient:
        """A browser with a cookie."""
        client = self.browser()
        form = {"username": username, "password": PASSWORD}
        answer = client.post("/login", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return client


def give_customers(chain: ChainUnderTest, roles: Iterable[str]) -> None:
    """Those who see only their own are responsible for the customer of the samples."""
    employee = chain.stores[0].ids["employees"]
    with chain.write() as session:
        users = select(User.id).where(User.username.in_(roles), User.chain_id == chain.id)
        for user_id in session.scalars(users).all():
            apply(session, Employee, Change(employee, {"user_id": user_id}))
        apply(session, Customer, Change(chain.ids["customers"], {"owner_id": employee}))


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    room = open_vault(f"sqlite:///{folder / 'keys.sqlite'}", "", folder / "master.key")
    ports = Ports(vault=room.vault, custom=Definitions(), approvals=Gate())
    db = Database(new_address(folder), ports)
    upgrade(db)
    amber, cobalt = (open_chain_under_test(db, word) for word in ("amber", "cobalt"))
    for seed in SEEDS:
        amber.add_user(seed.code, Grant(seed.code, amber.stores[0].id))
    give_customers(amber, OWN_ONLY)
    amber.add_user(CHIEF, Grant("admin"))
    amber.add_user(WIDE, *(Grant(seed.code) for seed in SEEDS))
    amber.add_user("new", Grant("admin"), must_change=True)
    registry = Registry(db)
    timeseries = open_timeseries("duckdb:", folder, registry.store_of)
    sign_in = sign_in_for(db)
    services = Services(
        settings=HubSettings(data_dir=folder, api_requests_per_minute=0, api_refusals_per_minute=0),
        db=db,
        sign_in=sign_in,
        export_approval=export_gate(open_desk(db, sign_in.sessions)),
        vault=room.vault,
        timeseries=timeseries,
        last=LastValues(timeseries.newest()),
        registry=registry,
        live=Live(),
        templates=Templates(Assets()),
        checks={"database": db.ping},
    )
    try:
        yield World(services, amber, cobalt)
    finally:
        timeseries.close()
        db.close()
        room.keys.close()
