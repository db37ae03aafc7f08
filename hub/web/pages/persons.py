"""What one customer agreed to, a copy of everything about them, and forgetting them (SEC-27)."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.customers.records import Customer
from hub.archive.person_requests.records import PersonRequest, RequestKind, RequestState
from hub.archive.privacy.erasure import Erasure
from hub.archive.privacy.persons import copy_of, files_of, records_about, rows_of
from hub.errors import ForbiddenError, InvalidError, T
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Scope, ScopedSession
from hub.kit.records.access import load
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from hub.kit.records.declare import store_of
from hub.kit.records.log import note
from hub.security.actor import Actor
from hub.security.audit.chain import AuditChain
from hub.security.privacy.consent import HEALTH, Consents
from hub.web.deps import ByPerson, CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.language import say
from hub.web.rendering import DEFAULT_ZONE
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("customers.read")])
RIGHT = "privacy.update"
CHANNELS = {
    "paper": T("纸质签字", "on paper"),
    "counter": T("在店内屏幕上", "on a screen in the store"),
    "phone": T("在本人手机上", "on their own phone"),
}
_OFFICER = T(
    "这一步由隐私负责人做（{right}）。", "This is the privacy officer's to do ({right})."
).format(right=RIGHT)
_TYPE_NAME = T("请输入“删除”确认。", "Type “erase” to confirm.")


@router.get("/persons/{id}")
def show(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, id: UUID
) -> Response:
    customer = load(session, Customer, id)
    consents = Consents(services.db)
    return view.page(
        "person-privacy.html",
        customer=customer,
        consents=consents.listed(actor.chain_id, id),
        holds=consents.holds(id, HEALTH),
        channels=CHANNELS,
        channels_of=[(code, say(view.language, name)) for code, name in CHANNELS.items()],
        count=len(records_about(session, customer)) if _is_officer(actor) else 0,
        may_update=actor.may("customers.update", store_of(customer)),
        is_officer=_is_officer(actor),
        requests=_requests(session, id),
        kinds=[(kind.value, say(view.language, kind.label)) for kind in RequestKind],
    )


@router.post("/persons/{id}/requests", dependencies=[ByPerson])
def ask(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    *,
    kind: Annotated[str, Form(max_length=20)],
    wording: Annotated[str, Form(max_length=120)] = "",
    identity_by: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """Whoever the customer tells it to writes it down; from now on its days are counted."""
    actor.demand("customers.update", store_of(load(session, Customer, id)))
    asked = next((one.label for one in RequestKind if one == kind), None)
    if asked is None:
        raise InvalidError(T("请选择请求。", "Choose what is asked for."))
    today = utc_now().astimezone(DEFAULT_ZONE).date()
    values: dict[str, Any] = {"customer_id": id, "kind": kind, "received_on": today}
    values["wording"] = wording.strip() or f"{asked.zh} / {asked.en}"
    values["identity_by"] = identity_by.strip() or None
    with _as_the_hub(services, actor, origin) as writing:
        apply(writing, PersonRequest, Change(values=values))
    return RedirectResponse(f"/persons/{id}", 303)


@router.post("/persons/{id}/consent", dependencies=[ByPerson])
def give(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    channel: Annotated[str, Form(max_length=20)],
) -> Response:
    """The person said yes to the newest notice, in their own act and apart from anything else."""
    load(session, Customer, id)
    actor.demand("customers.update")
    if channel not in CHANNELS:
        raise InvalidError(T("请选择方式。", "Choose how it was given."))
    consents = Consents(services.db)
    consents.give(actor.chain_id, id, HEALTH, channel=channel, asker=asker_for(actor, origin))
    return RedirectResponse(f"/persons/{id}", 303)


@router.post("/persons/{id}/withdraw", dependencies=[ByPerson])
def withdraw(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> Response:
    """As easy as giving it; the health profile is gone at once, in every backup as well."""
    load(session, Customer, id)
    actor.demand("customers.update")
    _erasure(services).end_consent(actor.chain_id, id, HEALTH, asker_for(actor, origin))
    _answer(services, actor, origin, id, RequestKind.WITHDRAW)
    return RedirectResponse(f"/persons/{id}", 303)


@router.post("/persons/{id}/copy", dependencies=[ByPerson])
def copy(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> Response:
    """Everything about the person as JSON and CSV, secrets open, with the files; noted."""
    load(session, Customer, id)
    _demand_officer(actor)
    asker = asker_for(actor, origin)
    with _as_the_hub(services, actor, origin) as writing:
        customer = load(writing, Customer, id)
        told = copy_of(writing, customer)
        ids = [one.id for one in records_about(writing, customer)]
        files = {one.name: services.files.read(one) for one in files_of(writing, ids)}
    with services.db.system("copy") as connection:
        about = {"chain_id": actor.chain_id, "record_type": "customers", "record_id": id}
        kept = {"rows": [None, len(told["records"])], "filters": [None, "person"]}
        note(connection, "export", asker, **about, values=kept)
    head = {"Content-Disposition": 'attachment; filename="copy.zip"'}
    _answer(services, actor, origin, id, RequestKind.COPY)
    return Response(_zipped(told, files), 200, head, "application/zip")


@router.post("/persons/{id}/erase", dependencies=[ByPerson])
def erase(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    sure: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    load(session, Customer, id)
    _demand_officer(actor)
    if sure.strip().lower() not in ("删除", "刪除", "erase"):
        raise InvalidError(_TYPE_NAME)
    _answer(services, actor, origin, id, RequestKind.ERASE)
    gone = _erasure(services).forget(actor.chain_id, id, asker_for(actor, origin))
    for file_id in gone.files:
        services.files.forget(file_id)
    return RedirectResponse(f"/persons/{id}", 303)


@contextmanager
def _as_the_hub(services: Services, actor: Actor, origin: From) -> Iterator[ScopedSession]:
    """Under the actor's name, whatever they may see: the page has judged what they may do."""
    with services.db.write(Scope(actor.chain_id)) as session:
        bind_asker(session, Asker(actor.user_id, actor.name, EveryRight(), origin.address))
        yield session


def _answer(services: Services, actor: Actor, origin: From, id: UUID, kind: RequestKind) -> None:
    """Open requests for what was just done are done."""
    with _as_the_hub(services, actor, origin) as session:
        for one in _requests(session, id):
            if (one.kind, one.state) == (kind, RequestState.OPEN):
                perform(session, PersonRequest, one.id, "answer")


def _requests(session: ScopedSession, id: UUID) -> Sequence[PersonRequest]:
    mine = select(PersonRequest).where(PersonRequest.customer_id == id)
    return session.scalars(mine.order_by(PersonRequest.received_on, PersonRequest.id)).all()


def _zipped(told: dict[str, Any], files: Mapping[str, bytes]) -> bytes:
    out, table = io.BytesIO(), io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["type", "id", "field", "value"])
    writer.writerows(rows_of(told))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("copy.json", orjson.dumps(told, option=orjson.OPT_INDENT_2))
        archive.writestr("copy.csv", "\ufeff" + table.getvalue())
        for number, (name, data) in enumerate(files.items(), 1):
            archive.writestr(f"files/{number:02}-{name.replace('/', '_')}", data)
    return out.getvalue()


def _erasure(services: Services) -> Erasure:
    chain = AuditChain(services.db, services.vault.keys)
    return Erasure(services.db, services.vault, chain)


def _is_officer(actor: Actor) -> bool:
    return actor.may(RIGHT)


def _demand_officer(actor: Actor) -> None:
    if not _is_officer(actor):
        raise ForbiddenError(_OFFICER)
