"""The outbox of notices: what is due is claimed, sent outside of any transaction, and recorded.

A way that fails is tried three times within a minute; then the next way of the person is taken, and
when all failed it begins anew every five minutes, for a day. A hub that dies while it sends sends
again after LEASE: one message twice at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, insert, select, update

from hub.alerts.models import Alert
from hub.alerts.notices.models import (
    ChannelKind,
    Notice,
    NoticeChannel,
    NoticeMessage,
    NoticeSettings,
    NoticeState,
)
from hub.detection.findings import Severity
from hub.kit.ids import uuid7
from hub.security.records import User

LEASE = timedelta(seconds=60)
RETRY = (timedelta(seconds=5), timedelta(seconds=20))
AGAIN = timedelta(minutes=5)
GIVE_UP = timedelta(days=1)
APART = timedelta(seconds=30)  # between two messages to one person
CHUNK = 2000
NOBODY = "no address"


@dataclass(frozen=True, slots=True)
class Way:
    """One channel with the address of one person."""

    channel_id: UUID
    kind: ChannelKind
    sealed_url: str
    to: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """The notices of one person that go out together."""

    message_id: UUID
    chain_id: UUID
    user_id: UUID
    language: str
    way: Way
    notices: tuple[UUID, ...]
    alerts: tuple[UUID, ...]
    number: int  # which of the person's ways this is
    ways: int
    attempts: int
    created_at: datetime


def claim(connection: Connection, now: datetime) -> list[Envelope]:
    """What is to be sent now; its rows are ours until the lease ends."""
    due = _due(connection, now)
    alive = _drop_needless(connection, due)
    people: dict[UUID, list[Any]] = {}
    for row in alive:
        people.setdefault(row.user_id, []).append(row)
    resting = _resting(connection, list(people), now)
    ways = ways_of(connection, list(people))
    envelopes = []
    for user_id, rows in people.items():
        if user_id in resting and all(row.attempts == 0 for row in rows):
            _postpone(connection, rows, resting[user_id] + APART)
        elif not ways.get(user_id):
            _mark(connection, rows, NoticeState.UNREACHABLE, NOBODY)
        else:
            envelopes.append(_seal(connection, rows, ways[user_id], now))
    return envelopes


def _due(connection: Connection, now: datetime) -> Sequence[Any]:
    return connection.execute(
        select(
            Notice.id,
            Notice.chain_id,
            Notice.user_id,
            Notice.alert_id,
            Notice.way,
            Notice.attempts,
            Notice.created_at,
            User.language,
            Alert.closed_at,
            Alert.acknowledged_at,
            Alert.parent_id,
            Alert.severity,
        )
        .join(Alert, Alert.id == Notice.alert_id)
        .join(User, User.id == Notice.user_id)
        .where(Notice.state.in_((NoticeState.QUEUED, NoticeState.SENDING)), Notice.due_at <= now)
        .order_by(Notice.due_at)
        .limit(CHUNK)
        .with_for_update(of=Notice, skip_locked=True)
    ).all()


def _drop_needless(connection: Connection, due: Sequence[Any]) -> list[Any]:
    """Nobody is told of what is over, taken on, or explained by another alert."""
    needless = [
        row
        for row in due
        if row.closed_at is not None
        or row.parent_id is not None
        or (row.acknowledged_at is not None and row.severity < Severity.CRITICAL)
        or (row.acknowledged_at is not None and row.acknowledged_at > row.created_at)
    ]
    if needless:
        _mark(connection, needless, NoticeState.NEEDLESS, "")
    gone = {row.id for row in needless}
    return [row for row in due if row.id not in gone]


def _resting(
    connection: Connection, people: Sequence[UUID], now: datetime
) -> Mapping[UUID, datetime]:
    """Who got a message a moment ago, and when."""
    rows = connection.execute(
        select(NoticeMessage.user_id, func.max(NoticeMessage.started_at))
        .where(NoticeMessage.user_id.in_(people), NoticeMessage.started_at > now - APART)
        .group_by(NoticeMessage.user_id)
    )
    return {row[0]: row[1] for row in rows}


def ways_of(connection: Connection, people: Sequence[UUID]) -> Mapping[UUID, Sequence[Way]]:
    """The ways of each person, the first choice first; without a choice: mail, then the rest."""
    users = connection.execute(
        select(User.id, User.chain_id, User.email, User.phone).where(User.id.in_(people))
    ).all()
    chains = {row.chain_id for row in users}
    channels = connection.execute(
        select(NoticeChannel)
        .where(NoticeChannel.chain_id.in_(chains), NoticeChannel.is_active)
        .order_by(NoticeChannel.position, NoticeChannel.name)
    ).all()
    chosen = {
        row.user_id: row.ways
        for row in connection.execute(
            select(NoticeSettings.user_id, NoticeSettings.ways).where(
                NoticeSettings.user_id.in_(people)
            )
        )
    }
    found: dict[UUID, Sequence[Way]] = {}
    for user in users:
        mine = [one for one in channels if one.chain_id == user.chain_id]
        found[user.id] = _chosen(chosen.get(user.id, []), mine) or _offered(user, mine)
    return found


def _chosen(wishes: Sequence[Mapping[str, str]], channels: Sequence[Any]) -> list[Way]:
    known = {str(one.id): one for one in channels}
    return [
        _way(known[wish["channel"]], wish.get("to", ""))
        for wish in wishes
        if wish.get("channel") in known
    ]


def _offered(user: Any, channels: Sequence[Any]) -> list[Way]:
    """A person's mail and phone, and what goes to a group anyway."""
    ways = []
    for one in channels:
        to = {ChannelKind.MAIL: user.email, ChannelKind.SMS: user.phone}.get(one.kind) or ""
        if to or not one.is_personal:
            ways.append(_way(one, to))
    return ways


def _way(channel: Any, to: str) -> Way:
    return Way(channel.id, ChannelKind(channel.kind), channel.url, to)


def _seal(
    connection: Connection, rows: Sequence[Any], ways: Sequence[Way], now: datetime
) -> Envelope:
    first = rows[0]
    number = max(row.way for row in rows) % len(ways)
    way = ways[number]
    envelope = Envelope(
        message_id=uuid7(),
        chain_id=first.chain_id,
        user_id=first.user_id,
        language=str(first.language),
        way=way,
        notices=tuple(row.id for row in rows),
        alerts=tuple(dict.fromkeys(row.alert_id for row in rows)),
        number=number,
        ways=len(ways),
        attempts=max(row.attempts for row in rows),
        created_at=min(row.created_at for row in rows),
    )
    connection.execute(
        insert(NoticeMessage).values(
            id=envelope.message_id,
            chain_id=envelope.chain_id,
            user_id=envelope.user_id,
            channel_id=way.channel_id,
            title="",
            notices=len(rows),
            started_at=now,
            is_delivered=False,
            trouble="",
        )
    )
    _change(
        connection,
        rows,
        state=NoticeState.SENDING,
        due_at=now + LEASE,
        message_id=envelope.message_id,
    )
    return envelope


def record(
    connection: Connection, envelope: Envelope, title: str, trouble: str, now: datetime
) -> None:
    """How it went: sent, or when and by which way to try again."""
    connection.execute(
        update(NoticeMessage)
        .where(NoticeMessage.id == envelope.message_id)
        .values(title=title[:200], ended_at=now, is_delivered=not trouble, trouble=trouble[:300])
    )
    mine = and_(Notice.message_id == envelope.message_id, Notice.state == NoticeState.SENDING)
    if not trouble:
        sent = {"state": NoticeState.SENT, "sent_at": now, "trouble": ""}
        connection.execute(update(Notice).where(mine).values(**sent))
        return
    connection.execute(update(Notice).where(mine).values(**_next_try(envelope, trouble, now)))


def _next_try(envelope: Envelope, trouble: str, now: datetime) -> dict[str, object]:
    if now - envelope.created_at > GIVE_UP:
        return {"state": NoticeState.FAILED, "trouble": trouble[:300]}
    after = {"state": NoticeState.QUEUED, "trouble": trouble[:300]}
    if envelope.attempts < len(RETRY):
        wait = RETRY[envelope.attempts]
        return after | {"attempts": envelope.attempts + 1, "due_at": now + wait}
    number = envelope.number + 1
    is_round = number >= envelope.ways
    return after | {
        "attempts": 1 if not is_round else len(RETRY),
        "way": number % envelope.ways,
        "due_at": now + AGAIN if is_round else now,
    }


def _postpone(connection: Connection, rows: Sequence[Any], until: datetime) -> None:
    _change(connection, rows, due_at=until)


def _mark(connection: Connection, rows: Sequence[Any], state: NoticeState, trouble: str) -> None:
    _change(connection, rows, state=state, trouble=trouble)


def _change(connection: Connection, rows: Sequence[Any], **values: object) -> None:
    ids = [row.id for row in rows]
    for first in range(0, len(ids), 500):
        some = ids[first : first + 500]
        connection.execute(update(Notice).where(Notice.id.in_(some)).values(**values))
