"""Privacy and incidents as pages: assessment, notice, review of rights, who was touched."""

import csv
import io
from datetime import datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import InvalidError, T
from hub.kit.clock import utc_now
from hub.kit.records.log import note
from hub.security.people import People
from hub.security.privacy.consent import HEALTH, Assessments, Consents
from hub.security.privacy.review import Reviews, Touch, quarter_of, touched
from hub.security.retention import KEEPINGS
from hub.web.audit_words import type_words
from hub.web.deps import ByPerson, CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.language import say
from hub.web.pages.people import keeper, names, people_of
from hub.web.rendering import DEFAULT_ZONE
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("users.read")])
Long = Annotated[str, Form(max_length=8000)]
Short = Annotated[str, Query(max_length=60)]
SHOWN = 100


@router.get("/admin/privacy")
def show(view: CurrentView, services: Hub, actor: CurrentUser) -> Response:
    assessments = Assessments(services.db)
    return view.page(
        "privacy.html",
        assessments=assessments.listed(actor.chain_id),
        is_open=assessments.holds(actor.chain_id, HEALTH),
        keepings=KEEPINGS,
        may_keep=actor.reach("users.update") is None,
    )


@router.post("/admin/privacy/assessment", dependencies=[ByPerson])
def sign(
    services: Hub, actor: CurrentUser, origin: From, *, necessity: Long, risks: Long, measures: Long
) -> Response:
    keeper(actor)
    told = (necessity, risks, measures)
    Assessments(services.db).sign(actor.chain_id, HEALTH, told, asker_for(actor, origin))
    return RedirectResponse("/admin/privacy", 303)


@router.post("/admin/privacy/notice", dependencies=[ByPerson])
def publish(
    services: Hub, actor: CurrentUser, origin: From, *, text_zh: Long, text_en: Long
) -> Response:
    keeper(actor)
    if not text_zh.strip() or not text_en.strip():
        raise InvalidError(T("两种语言都要写。", "Write it in both languages."))
    text = T(text_zh.strip(), text_en.strip())
    Consents(services.db).publish(actor.chain_id, HEALTH, text, asker_for(actor, origin))
    return RedirectResponse("/admin/privacy", 303)


@router.get("/admin/review")
def review(view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser) -> Response:
    return view.page(
        "review.html",
        due=_reviews(services).due(actor.chain_id),
        quarter=quarter_of(utc_now().astimezone(DEFAULT_ZONE).date()),
        names=names(view, session, services, actor),
        me_id=actor.user_id,
        may_keep=actor.reach("users.update") is None,
    )


@router.post("/admin/review/{id}", dependencies=[ByPerson])
def judge(
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    verdict: Annotated[str, Form(max_length=10)],
) -> Response:
    keeper(actor)
    asker = asker_for(actor, origin)
    _reviews(services).judge(actor.chain_id, id, asker, keep=verdict == "keep")
    return RedirectResponse("/admin/review", 303)


@router.get("/admin/incident", dependencies=[require("audit.read")])
def incident(
    view: CurrentView,
    services: Hub,
    actor: CurrentUser,
    who: Short = "",
    address: Short = "",
    start: Short = "",
    end: Short = "",
) -> Response:
    found = _touched(services, actor.chain_id, who, address, (start, end))
    people = People(services.db, services.sign_in.passwords).listed(actor.chain_id)
    asked = {"who": who, "address": address, "start": start, "end": end}
    return view.page(
        "incident.html",
        people=[(one.id, one.name) for one in people],
        asked=asked,
        found=None if found is None else found[:SHOWN],
        count=len(found or ()),
        type_label=lambda name: say(view.language, type_words(name)),
        query=view.request.url.query,
        may_keep=actor.reach("users.update") is None,
    )


@router.get("/admin/incident.csv", dependencies=[require("audit.read")])
def incident_csv(
    services: Hub,
    actor: CurrentUser,
    origin: From,
    who: Short = "",
    address: Short = "",
    start: Short = "",
    end: Short = "",
) -> Response:
    """The whole list, for the privacy officer; noted like every export."""
    found = _touched(services, actor.chain_id, who, address, (start, end)) or []
    with services.db.system("incident") as connection:
        about = {"chain_id": actor.chain_id, "record_type": "changes"}
        kept = {"rows": [None, len(found)], "filters": [None, {"who": who, "address": address}]}
        note(connection, "export", asker_for(actor, origin), **about, values=kept)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["record_type", "record_id", "times", "secrets_seen", "first_at", "last_at"])
    for one in found:
        times = (one.times, one.reveals, one.first_at.isoformat(), one.last_at.isoformat())
        writer.writerow([one.record_type, one.record_id, *times])
    head = {"Content-Disposition": 'attachment; filename="touched.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=head)


@router.post("/admin/incident/end-all-sessions", dependencies=[ByPerson])
def end_all(services: Hub, actor: CurrentUser, origin: From) -> Response:
    keeper(actor)
    people_of(services).end_everybodys_sessions(actor.chain_id, asker_for(actor, origin))
    return RedirectResponse("/admin/incident", 303)


def _reviews(services: Services) -> Reviews:
    return Reviews(services.db, people_of(services))


def _touched(
    services: Services, chain_id: UUID, who: str, address: str, days: tuple[str, str]
) -> list[Touch] | None:
    """None while nothing is asked for."""
    if not who and not address:
        return None
    try:
        account = UUID(who) if who else None
        start = _midnight(days[0]) if days[0] else utc_now() - timedelta(days=30)
        end = _midnight(days[1]) + timedelta(days=1) if days[1] else utc_now()
    except ValueError as error:
        raise InvalidError(T("日期或账号写错了。", "The day or the account is wrong.")) from error
    return touched(services.db, chain_id, account, start, end, address)


def _midnight(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day).date(), time.min, DEFAULT_ZONE)
