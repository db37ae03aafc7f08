"""How one person wants to be told: ways in order, quiet hours, digest, and a test of each way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.alerts.notices import channels
from hub.alerts.notices.escalation import Manner
from hub.alerts.notices.models import NoticeSettings
from hub.alerts.notices.services import AllowedHosts, DeliveryError, Letter, send
from hub.detection.findings import Severity
from hub.errors import ConflictError, InvalidError, T
from hub.kit.db import ScopedSession
from hub.kit.records.ports import Place
from hub.security.records import User
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession
from hub.web.language import say
from hub.web.records.desk import Posted
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)

WAYS = 3
WRONG = T("请检查标出的内容。", "Check what is marked.")
NO_TIME = T("请写成 22:00 这样的时间。", "Write a time such as 22:00.")
NO_ADDRESS = T("请写下地址。", "Give the address.")
TEST = Letter("StoreVitals 测试 · test", "通知渠道工作正常。This way of telling you works.")
NOT_SENT = T("没有送达：{why}", "Not delivered: {why}")
WORKS = T("已送达，请在手机或邮箱里查看。", "Delivered; look at your phone or mail box.")
NO_CHANNEL = T("请先选择渠道。", "Choose a channel first.")


@dataclass(frozen=True, slots=True)
class Wish:
    """One way as the form shows it."""

    channel: str
    to: str


@router.get("/account/notices")
def show(
    view: CurrentView, session: ReadSession, actor: CurrentUser, saved: bool = False
) -> Response:
    mine = channels.my_settings(session)
    manner = _manner(mine)
    person = session.get(User, actor.user_id)
    wishes = [Wish(one["channel"], one["to"]) for one in mine.ways] if mine else []
    return view.page(
        "notice-settings.html",
        wishes=[*wishes, *[Wish("", "")] * WAYS][:WAYS],
        known=channels.channels(session, only_active=True),
        manner=manner,
        quiet=(_clock(manner.quiet_from), _clock(manner.quiet_to)),
        digest=_clock(manner.digest_at),
        person=person,
        is_saved=saved,
    )


def _manner(mine: NoticeSettings | None) -> Manner:
    if mine is None:
        return Manner()
    return Manner(
        mine.from_severity,
        mine.quiet_from,
        mine.quiet_to,
        mine.quiet_severity,
        mine.digest_at,
        mine.zone,
    )


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"


@router.post("/account/notices")
def keep(session: WriteSession, actor: CurrentUser, form: Posted) -> Response:
    wanted = NoticeSettings(
        user_id=actor.user_id,
        ways=_ways(session, form),
        from_severity=_level(form.get("from_severity", ""), Severity.LOW),
        quiet_from=_minute(form, "quiet_from"),
        quiet_to=_minute(form, "quiet_to"),
        quiet_severity=_level(form.get("quiet_severity", ""), Severity.HIGH),
        digest_at=_minute(form, "digest_at") or 0,
        zone=Manner().zone,
    )
    channels.keep_settings(session, wanted)
    return RedirectResponse("/account/notices?saved=true", 303)


def _ways(session: ScopedSession, form: Mapping[str, str]) -> list[dict[str, str]]:
    """The ways that were chosen; a personal channel needs an address."""
    known = {str(one.id): one for one in channels.channels(session, only_active=True)}
    ways = []
    for number in range(WAYS):
        one = known.get(form.get(f"channel-{number}", ""))
        to = form.get(f"to-{number}", "").strip()[:200]
        if one is None:
            continue
        if one.is_personal and not to:
            raise InvalidError(WRONG, {f"to-{number}": NO_ADDRESS})
        ways.append({"channel": str(one.id), "to": to})
    return ways


def _level(word: str, otherwise: Severity) -> int:
    return int(Severity.__members__.get(word.upper(), otherwise))


def _minute(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    hour, _, minute = text.partition(":")
    if not (
        hour.isdecimal() and minute[:2].isdecimal() and int(hour) < 24 and int(minute[:2]) < 60
    ):
        raise InvalidError(WRONG, {name: NO_TIME})
    return int(hour) * 60 + int(minute[:2])


@router.post("/account/notices/test-{number}")
def test_way(
    session: ReadSession,
    services: Hub,
    view: CurrentView,
    form: Posted,
    number: Annotated[int, Path(ge=0, lt=WAYS)],
) -> Response:
    """Send one message now by one of the ways as typed; the answer says whether it arrived."""
    found = channels.channel(session, _id(form.get(f"channel-{number}", "")))
    way = channels.way_of(session, found.id, form.get(f"to-{number}", "").strip()[:200])
    place = Place(session.scope.chain_id, "notice_channels", "url", found.id)
    hosts = AllowedHosts.of(services.settings.notice_hosts)
    try:
        send(way.kind, services.vault.open(place, way.sealed_url), way.to, TEST, hosts)
    except DeliveryError as error:
        raise ConflictError(NOT_SENT.format(why=str(error))) from error
    return view.page("notice-tested.html", name=found.name, text=say(view.language, WORKS))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(WRONG, {"channel": NO_CHANNEL}) from None
