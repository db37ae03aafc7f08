"""Channels of a chain and the manners of a person: kept, listed, tested. URLs go in, never out."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from hub.alerts.notices.models import ChannelKind, NoticeChannel, NoticeSettings
from hub.alerts.notices.outbox import Way
from hub.alerts.notices.services import AllowedHosts, host_of
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.ports import Place, ports_of

NAME_LENGTH = 80
PLACE = "{to}"
_NONE = T("没有这条通知渠道。", "There is no such channel.")
_NAME = T("请起个名字。", "Give it a name.")


def channels(session: ScopedSession, *, only_active: bool = False) -> Sequence[NoticeChannel]:
    """In the order in which they are offered."""
    found = select(NoticeChannel).order_by(NoticeChannel.position, NoticeChannel.name)
    if only_active:
        found = found.where(NoticeChannel.is_active)
    return session.scalars(found).all()


def channel(session: ScopedSession, channel_id: UUID) -> NoticeChannel:
    found = session.get(NoticeChannel, channel_id)
    if found is None:
        raise NotFoundError(_NONE)
    return found


def add(
    session: ScopedSession, name: str, kind: ChannelKind, url: str, hosts: AllowedHosts
) -> NoticeChannel:
    """A new channel; InvalidError where its address is not of its kind or not allowed."""
    if not name.strip():
        raise InvalidError(_NAME, {"name": _NAME})
    host = host_of(kind, url.strip())
    hosts.demand(host)
    channel_id = uuid7()
    place = Place(session.scope.chain_id, "notice_channels", "url", channel_id)
    made = NoticeChannel(
        id=channel_id,
        name=name.strip()[:NAME_LENGTH],
        kind=kind,
        url=ports_of(session).vault.seal(place, url.strip()),
        host=host[:253],
        is_personal=PLACE in url,
        is_active=True,
        position=len(channels(session)),
    )
    session.add(made)
    session.flush()
    return made


def switch(session: ScopedSession, channel_id: UUID, *, is_active: bool) -> NoticeChannel:
    """On or off; messages that were sent by it stay in the log."""
    found = channel(session, channel_id)
    found.is_active = is_active
    return found


def way_of(session: ScopedSession, channel_id: UUID, to: str) -> Way:
    """For a test message."""
    found = channel(session, channel_id)
    return Way(found.id, ChannelKind(found.kind), found.url, to)


def my_settings(session: ScopedSession) -> NoticeSettings | None:
    user_id = asker_of(session).user_id
    return session.get(NoticeSettings, user_id) if user_id else None


def keep_settings(session: ScopedSession, wanted: NoticeSettings) -> None:
    """The asker's own manners; `wanted.user_id` is whose they are."""
    present = session.get(NoticeSettings, wanted.user_id)
    if present is None:
        session.add(wanted)
        return
    for name in (
        "ways",
        "from_severity",
        "quiet_from",
        "quiet_to",
        "quiet_severity",
        "digest_at",
        "zone",
    ):
        setattr(present, name, getattr(wanted, name))
