"""Notices on pages: channels, one's own manner, a test message, the link in a message."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update
from starlette.testclient import TestClient

from hub.alerts.models import Alert
from hub.alerts.notices.models import ChannelKind, Notice, NoticeChannel, NoticeMessage, NoticeState
from hub.alerts.notices.outbox import Envelope, Way
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.security.records import User
from hub.web.application import create_app
from hub.web.pages.notices import links_of
from tests.hub.alerts.notices.servers import web_service
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest

pytestmark = pytest.mark.integration
SECRET = "s3cr3t-token"


def test_a_channel_is_added_tested_and_its_address_never_shown(store: StoreUnderTest) -> None:
    """ALR-09: the address is sealed on disk as well."""
    object.__setattr__(store.services.settings, "notice_hosts", "127.0.0.1")
    client = signed_in(store, LOGIN.username)
    with web_service() as service:
        url = f"json{service.url[4:]}/{SECRET}?:to={{to}}"
        form = {"name": "gateway", "kind": "sms", "url": url}
        assert client.post("/admin/notices/channels", data=form).status_code == 200
        page = client.get("/admin/notices?lang=en").text
        assert "gateway" in page
        assert "one person" in page
        assert SECRET not in page
        channel = _channel(store)
        assert SECRET not in channel.url
        mine = {"channel-0": str(channel.id), "to-0": "+86138", "digest_at": "08:30"}
        mine |= {"quiet_from": "22:00", "quiet_to": "07:00", "from_severity": "medium"}
        assert "Saved." in client.post("/account/notices?lang=en", data=mine).text
        assert client.post("/account/notices/test-0", data=mine).status_code == 200
        assert service.requests[0][1]["to"] == "+86138"
        service.status = 500
        failed = client.post("/account/notices/test-0", data=mine)
        assert (failed.status_code, SECRET in failed.text) == (409, False)
    switched = client.post(f"/admin/notices/channels/{channel.id}", data={"active": "false"})
    assert switched.status_code == 200


def _channel(store: StoreUnderTest) -> NoticeChannel:
    with store.services.db.system_read("test") as connection:
        return connection.execute(select(NoticeChannel)).one()  # type: ignore[return-value]


@pytest.mark.parametrize("path", ["/admin/notices"])
def test_only_who_keeps_channels_sees_them(store: StoreUnderTest, path: str) -> None:
    assert signed_in(store, "technician").get(path).status_code == 403


def _link(store: StoreUnderTest, alert_id: UUID) -> str:
    """A message about this alert that was sent to somebody."""
    services, now = store.services, utc_now()
    with services.db.system("test") as connection:
        user_id = connection.execute(select(User.id)).scalars().first()
        channel_id = connection.execute(select(NoticeChannel.id)).scalars().first() or uuid7()
        message_id, chain_id = uuid7(), store.chain_id
        assert user_id
        message: dict[str, Any] = {
            "id": message_id,
            "chain_id": chain_id,
            "user_id": user_id,
            "title": "",
        }
        message |= {"channel_id": channel_id, "notices": 1, "started_at": now}
        message |= {"is_delivered": True, "trouble": ""}
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        if not connection.execute(select(NoticeChannel.id)).first():
            channel: dict[str, Any] = {
                "id": channel_id,
                "chain_id": chain_id,
                "name": "x",
                "kind": "mail",
            }
            channel |= {"url": "", "host": "", "is_personal": True, "is_active": False}
            connection.execute(insert(NoticeChannel).values(**channel, position=0))
        connection.execute(insert(NoticeMessage).values(**message))
        notice: dict[str, Any] = {"id": uuid7(), "chain_id": chain_id, "store_id": store.store_id}
        notice |= {"alert_id": alert_id, "step": 1, "user_id": user_id, "severity": 4}
        notice |= {"state": NoticeState.SENT, "created_at": now, "due_at": now}
        connection.execute(insert(Notice).values(**notice, message_id=message_id))
    way = Way(channel_id, ChannelKind.MAIL, "", "")
    parts = (message_id, chain_id, user_id, "en", way, (), (alert_id,), 0, 1, 0, now)
    return links_of(services).of(Envelope(*parts)).split("8080")[-1]


def test_a_message_acknowledges_without_signing_in(store: StoreUnderTest) -> None:
    """ALR-14: looking does nothing; the button does; nothing else can be reached by it."""
    with store.services.db.system_read("test") as connection:
        alert_id = (
            connection.execute(
                select(Alert.id).where(Alert.closed_at.is_(None)).order_by(Alert.severity.desc())
            )
            .scalars()
            .first()
        )
    assert alert_id
    path = re.sub(r"^.*?(/n/)", r"\1", _link(store, alert_id))
    stranger = TestClient(create_app(store.services), base_url="http://127.0.0.1:8080")
    looked = stranger.get(f"{path}?lang=en")
    assert looked.status_code == 200
    assert Document.of(looked.text).all("form")
    assert _acknowledged(store, alert_id) is False
    done = stranger.post(f"{path}?lang=en")
    assert "Acknowledged; nobody else will be called." in done.text
    assert _acknowledged(store, alert_id) is True
    assert stranger.get(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 404
    assert stranger.get("/alerts", follow_redirects=False).status_code in (303, 401)
    with store.services.db.system("test") as connection:  # as it was, for the other tests
        back = {"acknowledged_at": None, "acknowledged_by": None, "status": "raised"}
        connection.execute(update(Alert).where(Alert.id == alert_id).values(**back))
        old = utc_now() - timedelta(days=4)
        connection.execute(update(NoticeMessage).values(started_at=old))
    assert stranger.get(path).status_code == 404


def _acknowledged(store: StoreUnderTest, alert_id: UUID) -> bool:
    with store.services.db.system_read("test") as connection:
        found = select(Alert.acknowledged_at).where(Alert.id == alert_id)
        return connection.execute(found).scalar_one() is not None
