"""What a message leads to, and what was sent: the signed link, the channels, the delivery log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.alerts import service
from hub.alerts.announce import announce_after_commit
from hub.alerts.models import Alert, AlertEventKind, AlertStatus
from hub.alerts.notices import channels
from hub.alerts.notices.links import Links
from hub.alerts.notices.models import ChannelKind, NoticeChannel, NoticeMessage
from hub.alerts.notices.services import AllowedHosts
from hub.errors import T
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Scope, ScopedSession
from hub.security.records import User
from hub.web.deps import Hub, ReadSession, WriteSession, require
from hub.web.language import say
from hub.web.pages.alert_rows import Names, sentence_of, title_of
from hub.web.services import Services
from hub.web.views import CurrentView, PublicView

router = APIRouter(include_in_schema=False)

LOG_LENGTH = 200
BY_LINK = T("由消息里的链接确认。", "Acknowledged from the message.")
KINDS = {
    ChannelKind.MAIL: T("邮件", "Mail"),
    ChannelKind.SMS: T("短信网关", "SMS gateway"),
    ChannelKind.WECOM: T("企业微信机器人", "WeCom robot"),
    ChannelKind.DINGTALK: T("钉钉机器人", "DingTalk robot"),
    ChannelKind.FEISHU: T("飞书机器人", "Feishu robot"),
    ChannelKind.WEBHOOK: T("网络回调", "Webhook"),
    ChannelKind.NTFY: T("ntfy", "ntfy"),
    ChannelKind.APPRISE: T("其他（Apprise 地址）", "Other (Apprise URL)"),
}
EXAMPLES = {
    ChannelKind.MAIL: "mailtos://user:password@smtp.example.com?from=alerts@example.com&to={to}",
    ChannelKind.SMS: "jsons://sms.example.com/send?:to={to}&+Authorization=Bearer%20token",
    ChannelKind.WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
    ChannelKind.DINGTALK: "https://oapi.dingtalk.com/robot/send?access_token=…",
    ChannelKind.FEISHU: "https://open.feishu.cn/open-apis/bot/v2/hook/…",
    ChannelKind.WEBHOOK: "jsons://example.com/hook",
    ChannelKind.NTFY: "ntfys://ntfy.sh/{to}",
    ChannelKind.APPRISE: "https://github.com/caronc/apprise/wiki",
}
Short = Annotated[str, Form(max_length=80)]
Url = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a message."""

    title: str
    says: str
    store: str
    severity: str
    state: str
    began_at: datetime
    measures: tuple[str, ...]
    is_waiting: bool


def links_of(services: Services) -> Links:
    return Links(services.vault, services.settings.base_url)


@router.get("/n/{token}")
def read_link(view: PublicView, services: Hub, token: str) -> Response:
    """Without signing in; looking changes nothing."""
    return _show(view, services, token, is_done=False)


@router.post("/n/{token}")
def acknowledge_link(view: PublicView, services: Hub, token: str) -> Response:
    """Acknowledge what the message told, in the name of the person it was sent to."""
    chain_id, user_id, alert_ids = _opened(services, token)
    with services.db.write(Scope(chain_id)) as session:
        person = session.get(User, user_id)
        name = person.name if person else ""
        bind_asker(session, Asker(user_id, name, EveryRight()))
        for alert_id in alert_ids:
            alert = service.get(session, alert_id)
            if alert.is_open and alert.acknowledged_at is None:
                service.acknowledge(session, alert_id, say(view.language, BY_LINK))
                kind = AlertEventKind.ACKNOWLEDGED
                announce_after_commit(session, services.live, alert, kind)
    return _show(view, services, token, is_done=True)


def _opened(services: Services, token: str) -> tuple[UUID, UUID, list[UUID]]:
    with services.db.system_read("notice link") as connection:
        return links_of(services).read(connection, token, utc_now())


def _show(view: PublicView, services: Services, token: str, *, is_done: bool) -> Response:
    chain_id, _, alert_ids = _opened(services, token)
    with services.db.read(Scope(chain_id)) as session:
        bind_asker(session, Asker.hub("notice link"))
        found = session.scalars(
            select(Alert)
            .where(Alert.id.in_(alert_ids))
            .order_by(Alert.severity.desc(), Alert.began_at)
        ).all()
        told = _told(session, view, found)
    return view.page("notice-link.html", told=told, is_done=is_done, zone=view.zone)


def _told(session: ScopedSession, view: PublicView, found: Sequence[Alert]) -> list[Told]:
    names = Names.of(session, found)
    rows = []
    for alert in found:
        thing, play = names.thing(alert, view.language), names.plays[alert.rule_name]
        store = names.stores.get(alert.store_id)
        rows.append(
            Told(
                title=title_of(thing, play.title, view.language),
                says=sentence_of(alert, thing, view.language),
                store=store.name if store else "",
                severity=alert.severity_level.word,
                state=alert.status,
                began_at=alert.began_at,
                measures=tuple(say(view.language, step) for step in play.measure),
                is_waiting=alert.is_open and alert.status == AlertStatus.RAISED,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of the delivery log."""

    message: NoticeMessage
    person: str
    channel: str


@router.get("/admin/notices", dependencies=[require("notice_channels.read")])
def overview(view: CurrentView, session: ReadSession) -> Response:
    known = channels.channels(session)
    sent = session.scalars(
        select(NoticeMessage).order_by(NoticeMessage.started_at.desc()).limit(LOG_LENGTH)
    ).all()
    people = session.scalars(select(User).where(User.id.in_({one.user_id for one in sent})))
    names = {one.id: one.name for one in people}
    ways = {one.id: one.name for one in known}
    log = [Sent(one, names.get(one.user_id, ""), ways.get(one.channel_id, "")) for one in sent]
    kinds = [(kind.value, say(view.language, text)) for kind, text in KINDS.items()]
    examples = [(say(view.language, KINDS[kind]), text) for kind, text in EXAMPLES.items()]
    return view.page(
        "notices.html", channels=known, log=log, kinds=kinds, examples=examples, names=dict(kinds)
    )


@router.post("/admin/notices/channels", dependencies=[require("notice_channels.create")])
def add_channel(
    session: WriteSession,
    services: Hub,
    name: Short,
    kind: Annotated[ChannelKind, Form()],
    url: Url,
) -> Response:
    channels.add(session, name, kind, url, AllowedHosts.of(services.settings.notice_hosts))
    return RedirectResponse("/admin/notices", 303)


@router.post("/admin/notices/channels/{id}", dependencies=[require("notice_channels.update")])
def switch_channel(session: WriteSession, id: UUID, active: Annotated[bool, Form()]) -> Response:
    found: NoticeChannel = channels.switch(session, id, is_active=active)
    return RedirectResponse(f"/admin/notices#{found.id}", 303)
