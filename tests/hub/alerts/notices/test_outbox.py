"""The outbox: once, by the next way when one fails, in few messages, never lost (R25, R26, R27)."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.alerts import service
from hub.alerts.models import Alert
from hub.alerts.notices import channels, outbox
from hub.alerts.notices.models import ChannelKind, Notice, NoticeMessage, NoticeSettings
from hub.alerts.notices.outbox import LEASE
from hub.detection.findings import Change, Rule, Severity
from hub.errors import NotFoundError
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.db import Scope
from tests.hub.alerts.findings import finding
from tests.hub.alerts.notices.conftest import LOCAL, Duty
from tests.hub.alerts.notices.servers import WebService, web_service
from tests.hub.chain_under_test import add_store

pytestmark = pytest.mark.integration


@pytest.fixture
def first() -> Iterator[WebService]:
    with web_service() as service_:
        yield service_


@pytest.fixture
def second() -> Iterator[WebService]:
    with web_service() as service_:
        yield service_


def give_ways(duty: Duty, *services: WebService, who: str = "tech") -> None:
    """This person is told by these services, in their order."""
    with duty.chain.db.write(Scope(duty.chain.id)) as session:
        bind_asker(session, Asker(duty.people[who], who, EveryRight()))
        made = [
            channels.add(
                session, one.url, ChannelKind.WEBHOOK, one.url.replace("http", "json"), LOCAL
            )
            for one in services
        ]
        wanted = NoticeSettings(
            user_id=duty.people[who],
            ways=[{"channel": str(one.id), "to": ""} for one in made],
            from_severity=1,
            quiet_from=None,
            quiet_to=None,
            quiet_severity=4,
            digest_at=480,
            zone="Asia/Shanghai",
        )
        channels.keep_settings(session, wanted)


def test_one_alert_is_one_message_with_what_to_do_and_a_link(duty: Duty, first: WebService) -> None:
    """STO-07, ALR-05."""
    give_ways(duty, first)
    duty.post(finding(duty.store_id, severity=Severity.CRITICAL))
    assert duty.run(5) == 1
    assert duty.outbox() == [("tech", "sent")]
    ((_, sent),) = first.requests
    assert sent["title"].startswith("[Critical] amber-1")
    for part in ("Now -11.2 °C", "Cause:", "1. Check that the door", "https://hub.example.com/n/"):
        assert part in sent["message"]
    with duty.chain.read() as session:
        (log,) = session.scalars(select(NoticeMessage))
        assert (log.is_delivered, log.trouble) == (True, "")


@pytest.mark.parametrize("status", [429, 500])
def test_a_way_that_fails_gives_to_the_next_within_two_minutes(
    duty: Duty, first: WebService, second: WebService, status: int
) -> None:
    """R27: and back on the first when both fail; nothing is lost."""
    first.status = second.status = status
    give_ways(duty, first, second)
    duty.post(finding(duty.store_id, severity=Severity.HIGH))
    began = duty.clock()
    while not second.requests:
        duty.run(1)
        assert (duty.clock() - began).total_seconds() < 120
    assert len(first.requests) == 3
    duty.run(3600, step=10)
    assert duty.outbox()[0] == ("tech", "queued")
    second.status = 200
    duty.run(700, step=10)
    assert duty.outbox()[0] == ("tech", "sent")


def test_what_is_over_or_taken_on_is_not_sent(duty: Duty, first: WebService) -> None:
    give_ways(duty, first)
    first.status = 500
    duty.post(finding(duty.store_id, severity=Severity.HIGH))
    duty.run(3)
    with duty.chain.write() as session:
        service.acknowledge(session, session.scalars(select(Alert.id)).one())
    first.status = 200
    duty.run(60)
    assert duty.outbox() == [("tech", "needless")]


def test_a_hub_that_died_while_it_sent_sends_again(duty: Duty, first: WebService) -> None:
    """R2: at most one message twice."""
    give_ways(duty, first)
    duty.post(finding(duty.store_id, severity=Severity.HIGH))
    duty.clock.forward(seconds=3)
    duty.desk.tick()
    with duty.chain.db.system("test") as connection:
        assert len(outbox.claim(connection, duty.clock())) == 1
    assert duty.run(5) == 0
    duty.clock.forward(seconds=LEASE.total_seconds())
    assert duty.turn() == 1
    assert duty.outbox() == [("tech", "sent")]


def test_who_left_no_address_is_unreachable_and_the_next_one_is_called(duty: Duty) -> None:
    duty.post(finding(duty.store_id, severity=Severity.HIGH))
    duty.run(3)
    assert duty.outbox() == [("tech", "unreachable")]
    duty.run(1300, step=10)
    assert ("boss", "unreachable") in duty.outbox()


def test_a_square_wave_is_one_message(duty: Duty, first: WebService) -> None:
    """R25: an hour around the limit, one sensor; nobody else is woken by it either."""
    give_ways(duty, first)
    for second in range(0, 3600, 20):
        ms = int(duty.clock().timestamp() * 1000)
        kind = Change.RAISED if second % 40 == 0 else Change.CLEARED
        duty.post(finding(duty.store_id, kind, since_ms=ms, at_ms=ms, severity=Severity.HIGH))
        duty.run(20, step=5)
    assert len(first.requests) <= 2


def test_a_power_cut_in_many_stores_is_three_messages_at_most(
    duty: Duty, first: WebService
) -> None:
    """R26: each store one incident, the first message within five seconds."""
    give_ways(duty, first, who="chief")
    with duty.chain.write() as session:
        for n in range(3, 41):
            made = add_store(session, f"amber-{n}", n, duty.chain.ids)
            duty.chain.stores.append(made)
    stores = [store.id for store in duty.chain.stores]
    for second in range(10):
        wave = [
            finding(one, rule=Rule.DEVICE_OFFLINE, source=f"d-{second}-{n}")
            for one in stores[second::10]
            for n in range(5)
        ]
        cuts = [
            finding(one, rule=Rule.POWER_CUT, source="store", severity=Severity.CRITICAL)
            for one in stores[second::10]
        ]
        duty.post(*wave, *cuts)
        duty.run(1, step=0.5)
        if second == 4:
            assert first.requests
    duty.run(120, step=2)
    with duty.chain.read() as session:
        on_top = session.scalars(select(Alert).where(Alert.parent_id.is_(None))).all()
        told = {one.alert_id for one in session.scalars(select(Notice))}
    assert sorted(str(one.store_id) for one in on_top) == sorted(str(one) for one in stores)
    assert told == {one.id for one in on_top}
    assert 1 <= len(first.requests) <= 3


def test_the_link_of_a_message_is_good_for_it_alone(duty: Duty, first: WebService) -> None:
    """ALR-14: changed, invented or old links open nothing."""
    give_ways(duty, first)
    duty.post(finding(duty.store_id, severity=Severity.HIGH))
    duty.run(4)
    token = first.requests[0][1]["message"].rsplit("/n/", 1)[1].split()[0]
    with duty.chain.db.system_read("test") as connection:
        chain_id, user_id, alerts = duty.links.read(connection, token, duty.clock())
        assert (chain_id, user_id, len(alerts)) == (duty.chain.id, duty.people["tech"], 1)
        changed = token[:-1] + ("0" if token[-1] != "0" else "1")
        for wrong in (changed, token[:32], "x", UUID(int=7).hex + token[32:]):
            with pytest.raises(NotFoundError):
                duty.links.read(connection, wrong, duty.clock())
        duty.clock.forward(days=4)
        with pytest.raises(NotFoundError):
            duty.links.read(connection, token, duty.clock())
