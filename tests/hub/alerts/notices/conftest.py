"""A chain with people, channels to servers on this machine, and a clock that tests move."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from hub.alerts.desk import Desk
from hub.alerts.notices.courier import Courier
from hub.alerts.notices.links import Links
from hub.alerts.notices.models import Notice
from hub.alerts.notices.services import AllowedHosts
from hub.alerts.raising import Raising
from hub.archive.duty.records import NoticeRoute, OnCallShift
from hub.detection.findings import Finding
from hub.kit.db import Database
from hub.kit.records.ports import Ports
from hub.live import Live
from hub.security.accounts import Grant
from hub.security.vault.opening import open_vault
from tests.hub.chain_under_test import ChainUnderTest, open_chain_under_test

NOON = datetime(2026, 3, 17, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
LOCAL = AllowedHosts(frozenset({"127.0.0.1"}))


@dataclass
class Clock:
    """Now, until a test moves it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass
class Duty:
    """A chain whose alerts tell people."""

    chain: ChainUnderTest
    clock: Clock
    desk: Desk
    courier: Courier
    links: Links
    people: dict[str, UUID] = field(default_factory=dict)

    @property
    def store_id(self) -> UUID:
        return self.chain.stores[0].id

    def post(self, *findings: Finding) -> None:
        chains = {store.id: self.chain.id for store in self.chain.stores}
        with self.chain.db.system("test") as connection:
            Raising(connection, chains).post(findings, self.clock())

    def turn(self) -> int:
        """One round of desk and courier, waited for; how many messages went out."""
        self.desk.tick()
        return self.courier.tick(wait=True)

    def run(self, seconds: int, step: float = 1.0) -> int:
        """Rounds of the clock; how many messages went out."""
        number = 0
        for _ in range(int(seconds / step)):
            self.clock.forward(seconds=step)
            number += self.turn()
        return number

    def outbox(self) -> list[tuple[str, str]]:
        """Who is told and how far that is, in the order of the steps."""
        names = {user_id: name for name, user_id in self.people.items()}
        with self.chain.read() as session:
            rows = session.scalars(select(Notice).order_by(Notice.created_at, Notice.id)).all()
            return [(names[row.user_id], row.state) for row in rows]


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """A technician and a manager of the first store, and a manager of headquarters."""
    room = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    db = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}", Ports(vault=room.vault))
    db.create_all()
    chain = open_chain_under_test(db, "amber")
    with db.system("routes and shifts of its own") as connection:
        for model in (NoticeRoute, OnCallShift):
            connection.execute(delete(model.__table__))  # type: ignore[arg-type]
    clock = Clock()
    links = Links(room.vault, "https://hub.example.com/")
    courier = Courier(db, room.vault, links, LOCAL, clock)
    made = Duty(chain, clock, Desk(db, Live(), clock), courier, links)
    for name, role, store in (
        ("tech", "technician", made.store_id),
        ("boss", "store_manager", made.store_id),
        ("chief", "hq_manager", None),
    ):
        made.people[name] = chain.add_user(name, Grant(role, store))
    yield made
    courier.close()
    db.close()
