"""People of the chain: who may sign in, with which roles in which stores, and where they are."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.archive.stores.records import Store
from hub.errors import FieldsError, ForbiddenError, HubError, InvalidError, T
from hub.kit.db import ScopedSession
from hub.kit.records import query as records
from hub.security.accounts import Grant
from hub.security.actor import Actor
from hub.security.links import Invitation
from hub.security.people import NewPerson, People, Person
from hub.security.role_book import RoleBook
from hub.web.browsers import browser_name
from hub.web.deps import ByPerson, CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.language import say
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("users.read")])
Short = Annotated[str, Form(max_length=120)]
CHAIN_WIDE = T(
    "只有管全连锁用户的人能这样做。", "Only who keeps the users of the whole chain may do this."
)


def keeper(actor: CurrentUser) -> None:
    """People are the chain's: their rights are given by whoever keeps users in all of it."""
    if actor.reach("users.update") is not None:
        raise ForbiddenError(CHAIN_WIDE)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of roles and stores by code and id."""

    roles: dict[str, str]
    stores: dict[UUID, str]
    whole: str

    def grant(self, grant: Grant) -> str:
        role = self.roles.get(grant.role, grant.role)
        where = self.stores.get(grant.store_id, "…") if grant.store_id else self.whole
        return f"{role} · {where}"


def names(view: View, session: ScopedSession, services: Services, actor: Actor) -> Names:
    listed = records.rows(session, Store, records.Query(sort="code", size=records.MAX_SIZE))
    roles = RoleBook(services.db).listed(actor.chain_id)
    return Names(
        {role.code: say(view.language, role.name) for role in roles},
        {store.id: store.name for store in listed.items},
        say(view.language, T("全连锁", "whole chain")),
    )


def people_of(services: Services) -> People:
    return People(services.db, services.sign_in.passwords)


@router.get("/admin/people")
def listed(view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser) -> Response:
    return view.page(
        "people.html",
        people=people_of(services).listed(actor.chain_id),
        names=names(view, session, services, actor),
        may_keep=actor.reach("users.update") is None,
    )


@router.get("/admin/people/new")
def show_new(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser
) -> Response:
    return _new_page(view, names(view, session, services, actor), {}, {}, 200)


@router.post("/admin/people/new", dependencies=[ByPerson])
def add(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    username: Short,
    name: Short,
    role: Short,
    store: Short = "",
    language: Annotated[str, Form(max_length=10)] = "zh",
) -> Response:
    keeper(actor)
    given = {"username": username, "name": name, "role": role, "store": store}
    known = names(view, session, services, actor)
    try:
        new = NewPerson(username.strip().lower(), name.strip(), language, (_grant(role, store),))
        user_id, link = people_of(services).add(actor.chain_id, new, asker_for(actor, origin))
    except FieldsError as error:
        return _new_page(view, known, given, _errors(view, error), error.status)
    person = people_of(services).get(actor.chain_id, user_id)
    return _person_page(view, services, actor, known, person, link=link)


@router.get("/admin/people/{id}")
def show(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, id: UUID
) -> Response:
    person = people_of(services).get(actor.chain_id, id)
    return _person_page(view, services, actor, names(view, session, services, actor), person)


@router.post("/admin/people/{id}/roles", dependencies=[ByPerson])
def set_roles(
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    grant: Annotated[list[str] | None, Form()] = None,
    role: Short = "",
    store: Short = "",
) -> Response:
    """`grant` are the roles that stay, `<role>|<store>`; `role` and `store` a new one."""
    keeper(actor)
    grants = [_grant(*one.split("|", 1)) for one in grant or () if "|" in one]
    if role:
        grants.append(_grant(role, store))
    people_of(services).set_grants(actor.chain_id, id, grants, asker_for(actor, origin))
    return RedirectResponse(f"/admin/people/{id}", 303)


@router.post("/admin/people/{id}/invite", dependencies=[ByPerson])
def invite(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
) -> Response:
    keeper(actor)
    people = people_of(services)
    link = people.invite(actor.chain_id, id, asker_for(actor, origin))
    known = names(view, session, services, actor)
    person = people.get(actor.chain_id, id)
    return _person_page(view, services, actor, known, person, link=link)


@router.post("/admin/people/{id}/{action}", dependencies=[ByPerson])
def change(services: Hub, actor: CurrentUser, origin: From, id: UUID, action: str) -> Response:
    """`disable`, `enable`, `sign-out`, `reset-factor` or `unlink`."""
    keeper(actor)
    people, asker, chain = people_of(services), asker_for(actor, origin), actor.chain_id
    match action:
        case "disable":
            people.shut_out(chain, id, asker)
        case "enable":
            people.let_in(chain, id, asker)
        case "sign-out":
            people.end_sessions(chain, id, asker)
        case "reset-factor":
            people.get(chain, id)
            services.sign_in.factors.remove_all(chain, id, asker)
        case "unlink":
            services.company.unlink(chain, id, asker)
        case _:
            raise InvalidError(T("没有这个操作。", "There is no such action."))
    return RedirectResponse(f"/admin/people/{id}", 303)


@router.post("/admin/people/{id}/sessions/{session_id}/end", dependencies=[ByPerson])
def end_session(
    services: Hub, actor: CurrentUser, origin: From, id: UUID, session_id: UUID
) -> Response:
    keeper(actor)
    asker = asker_for(actor, origin)
    people_of(services).end_sessions(actor.chain_id, id, asker, session_id)
    return RedirectResponse(f"/admin/people/{id}", 303)


def _grant(role: str, store: str) -> Grant:
    try:
        return Grant(role, UUID(store) if store else None)
    except ValueError as error:
        raise InvalidError(T("没有这家门店。", "There is no such store.")) from error


def _errors(view: View, error: HubError) -> dict[str, str]:
    fields = error.fields if isinstance(error, FieldsError) else {}
    return {name: say(view.language, text) for name, text in fields.items()} or {
        "username": say(view.language, error.text)
    }


def _new_page(
    view: View, known: Names, given: dict[str, str], errors: dict[str, str], status: int
) -> Response:
    return view.page("person-new.html", status=status, names=known, given=given, errors=errors)


def _person_page(
    view: View,
    services: Services,
    actor: Actor,
    known: Names,
    person: Person,
    *,
    link: Invitation | None = None,
) -> Response:
    url = services.settings.public_url or str(view.request.base_url)
    people = people_of(services)
    return view.page(
        "person.html",
        person=person,
        names=known,
        link=f"{url.rstrip('/')}/welcome/{link.secret}" if link else "",
        link_until=link.expires_at if link else None,
        sessions=people.sessions(actor.chain_id, person.id),
        may_keep=actor.reach("users.update") is None and person.id != actor.user_id,
        is_self=person.id == actor.user_id,
        is_linked=services.company.is_linked(person.id),
        browser_name=browser_name,
    )
