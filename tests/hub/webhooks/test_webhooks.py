"""INT-15, INT-13: what happens is told to other systems, signed, at least once, again on demand."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.alerts.notices.services import AllowedHosts
from hub.alerts.raising import Raising
from hub.archive.areas.records import Area
from hub.archive.suppliers.records import Supplier
from hub.archive.webhooks.records import Webhook
from hub.errors import ConflictError, InvalidError
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.apply import Change, apply
from hub.kit.records.ports import Ports
from hub.security.vault.opening import open_vault
from hub.webhooks import service
from hub.webhooks.models import DeliveryState, WebhookDelivery
from hub.webhooks.sending import PAUSES_S, Dispatcher
from hub.webhooks.service import LogQuery
from hub.webhooks.signing import signature
from hub.webhooks.telling import Teller
from tests.hub.alerts.findings import finding
from tests.hub.alerts.notices.conftest import Clock
from tests.hub.alerts.notices.servers import WebService, web_service
from tests.hub.chain_under_test import ChainUnderTest

SECRET = "a-secret-that-both-sides-know"
LOCAL = AllowedHosts(frozenset({"127.0.0.1"}))


@dataclass
class Post:
    """A chain with one receiver, and a clock that tests move."""

    chain: ChainUnderTest
    receiver: WebService
    clock: Clock
    dispatcher: Dispatcher

    def subscribe(self, **values: Any) -> UUID:
        given = {"name": "ERP", "url": f"{self.receiver.url}/hook", "secret": SECRET}
        given |= {"is_active": True} | values
        with self.chain.write() as session:
            made = apply(session, Webhook, Change(values=given)).id
        self.dispatcher.tick()
        return made

    def rename(self, name: str) -> None:
        with self.chain.write() as session:
            apply(session, Supplier, Change(self.chain.supplier, {"name": name}))

    def log(self, hook: UUID) -> list[WebhookDelivery]:
        with self.chain.read() as session:
            return list(service.deliveries(session, hook, LogQuery()))

    def told(self) -> list[Any]:
        return [body for _, body in self.receiver.requests]


@pytest.fixture
def post(chain: ChainUnderTest, db: Database, tmp_path: Path) -> Iterator[Post]:
    room = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    db.ports = Ports(vault=room.vault)
    clock = Clock(utc_now() + timedelta(minutes=1))
    with web_service() as receiver:
        dispatcher = Dispatcher(db, room.vault, LOCAL, clock, chance=lambda: 0.0)
        dispatcher.tick()
        yield Post(chain, receiver, clock, dispatcher)
        dispatcher.close()
    room.keys.close()


def test_a_change_is_told_signed_and_without_its_values(post: Post) -> None:
    hook = post.subscribe(events=["suppliers"])
    post.rename("North Wind")
    assert post.dispatcher.tick() == 1
    (told,) = post.told()
    assert told["event"] == "suppliers.update"
    assert told["data"]["url"] == f"/api/v1/suppliers/{post.chain.supplier}"
    assert told["data"]["changed"] == ["name"]
    assert "North Wind" not in json.dumps(told)
    (row,) = post.log(hook)
    assert (row.state, row.status, row.attempts) == (DeliveryState.DELIVERED, 200, 1)


def test_a_receiver_can_check_who_sent_it() -> None:
    """The form of Standard Webhooks, computed here by hand."""
    body = b'{"event":"alerts.raised"}'
    mine = hmac.new(SECRET.encode(), b"id-1.1700000000." + body, hashlib.sha256).digest()
    assert signature(SECRET, "id-1", "1700000000", body) == "v1," + base64.b64encode(mine).decode()
    encoded = "whsec_" + base64.b64encode(SECRET.encode()).decode()
    assert signature(encoded, "id-1", "1700000000", body).endswith(base64.b64encode(mine).decode())


def test_only_what_was_asked_for_is_told(post: Post) -> None:
    """By event and by store."""
    first, second = post.chain.stores
    of_areas = post.subscribe(name="areas", events=["areas.create"], of_stores=[str(second.id)])
    off = post.subscribe(name="off", is_active=False)
    post.rename("North Wind")
    with post.chain.write() as session:
        for store in (first, second):
            apply(session, Area, Change(values={"store_id": store.id, "name": "cold room"}))
    post.dispatcher.tick()
    assert [(row.event, row.store_id) for row in post.log(of_areas)] == [
        ("areas.create", second.id)
    ]
    assert post.log(off) == []


def test_alerts_are_told_once_though_the_log_is_read_with_a_look_back(post: Post) -> None:
    hook = post.subscribe(events=["alerts.raised"])
    store = post.chain.stores[0]
    with post.chain.db.system("test") as connection:
        Raising(connection, {store.id: post.chain.id}).post([finding(store.id)], post.clock())
    post.dispatcher.tick()
    post.dispatcher.tick()
    Teller(post.chain.db).tell(post.clock())  # a hub that was restarted
    assert [row.event for row in post.log(hook)] == ["alerts.raised"]
    assert post.told()[0]["data"]["severity"]


def test_what_happened_before_a_webhook_was_made_is_not_told(post: Post) -> None:
    store = post.chain.stores[0]
    with post.chain.db.system("test") as connection:
        Raising(connection, {store.id: post.chain.id}).post([finding(store.id)], post.clock())
    time.sleep(0.002)  # ids know milliseconds
    hook = post.subscribe(events=["alerts"])
    assert post.log(hook) == []


def test_what_fails_is_tried_again_ever_later_and_given_up_at_last(post: Post) -> None:
    hook = post.subscribe()
    post.receiver.status = 503
    post.rename("North Wind")
    waits = []
    for _ in range(len(PAUSES_S)):
        assert post.dispatcher.tick() == 1
        (row,) = post.log(hook)
        waits.append((row.due_at - post.clock()).total_seconds())
        post.clock.at = row.due_at - timedelta(seconds=1)
        assert post.dispatcher.tick() == 0
        post.clock.forward(seconds=1)
    assert waits == list(PAUSES_S)
    post.dispatcher.tick()
    (row,) = post.log(hook)
    assert (row.state, row.trouble) == (DeliveryState.FAILED, "The receiver answered 503.")


def test_a_failed_one_is_sent_again_with_the_same_bytes(post: Post) -> None:
    hook = post.subscribe()
    post.receiver.status = 410  # gone: no more tries
    post.rename("North Wind")
    post.dispatcher.tick()
    (failed,) = post.log(hook)
    assert failed.state == DeliveryState.FAILED
    post.receiver.status = 200
    with post.chain.write() as session:
        again = service.replay(session, hook, failed.id)
        with pytest.raises(ConflictError):
            service.replay(session, hook, again.id)  # it waits already
    post.dispatcher.tick()
    first, second = post.told()
    assert first == second
    newest = post.log(hook)[0]
    assert (newest.state, newest.replay, newest.event_id) == (
        DeliveryState.DELIVERED,
        1,
        failed.event_id,
    )


def test_a_test_event_reaches_the_receiver(post: Post) -> None:
    hook = post.subscribe(events=["alerts"])
    with post.chain.write() as session:
        service.ping(session, hook)
    post.dispatcher.tick()
    assert [told["event"] for told in post.told()] == ["webhooks.ping"]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://localhost/x", "https://10.0.0.7/x"]
)
def test_the_hub_posts_to_no_inner_address(post: Post, url: str) -> None:
    hook = post.subscribe(url=url)
    post.rename("North Wind")
    post.dispatcher.tick()
    (row,) = post.log(hook)
    assert row.state == DeliveryState.WAITING
    assert "HUB_NOTICE_HOSTS" in row.trouble


def test_redirects_are_not_followed(post: Post) -> None:
    post.receiver.status = 302
    hook = post.subscribe()
    post.rename("North Wind")
    post.dispatcher.tick()
    (row,) = post.log(hook)
    assert (row.status, row.state) == (302, DeliveryState.WAITING)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://example.com"),
        ("url", "https://user@example.com/"),
        ("secret", "short"),
        ("secret", None),
        ("events", ["no event!"]),
    ],
)
def test_a_subscription_is_sound(post: Post, field: str, value: Any) -> None:
    with pytest.raises(InvalidError) as refused:
        post.subscribe(**{field: value})
    assert field in refused.value.fields


def test_secrets_are_sealed(post: Post) -> None:
    hook = post.subscribe()
    with post.chain.db.system_read("test") as connection:
        kept = connection.scalar(select(Webhook.secret).where(Webhook.id == hook))
    assert kept is not None
    assert SECRET not in kept.sealed
