"""The matrix of rights: what each role may do with what, and changing it."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import ConflictError, FieldsError, InvalidError, T
from hub.security.actor import Actor
from hub.security.role_book import RoleBook, RoleSheet
from hub.web.deps import ByPerson, CurrentUser, From, Hub, asker_for, require
from hub.web.language import say
from hub.web.rendering import View
from hub.web.rights import action_label, subjects
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("roles.read")])
Short = Annotated[str, Form(max_length=60)]


def may_keep(actor: Actor) -> bool:
    return actor.reach("roles.update") is None


def keeper(actor: CurrentUser) -> None:
    actor.demand("roles.update")
    if not may_keep(actor):
        raise ConflictError(
            T("角色属于全连锁，只能由管全连锁的人修改。", "Roles are the whole chain's to change.")
        )


@router.get("/admin/roles")
def listed(view: CurrentView, services: Hub, actor: CurrentUser) -> Response:
    return _matrix_page(view, services, actor, {}, {}, 200)


@router.post("/admin/roles", dependencies=[ByPerson])
def add(
    view: CurrentView,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    code: Short,
    name_zh: Short,
    name_en: Short = "",
    like: Short = "clerk",
) -> Response:
    keeper(actor)
    zh = name_zh.strip()
    name = T(zh or code, name_en.strip() or zh or code)
    book = RoleBook(services.db)
    try:
        book.add(actor.chain_id, code.strip().lower(), name, like, asker_for(actor, origin))
    except FieldsError as error:
        errors = {key: say(view.language, text) for key, text in error.fields.items()}
        given = {"code": code, "name_zh": name_zh, "name_en": name_en, "like": like}
        return _matrix_page(view, services, actor, given, errors, error.status)
    return RedirectResponse(f"/admin/roles/{code.strip().lower()}", 303)


@router.get("/admin/roles/{code}")
def show(view: CurrentView, services: Hub, actor: CurrentUser, code: str) -> Response:
    return _role_page(view, actor, RoleBook(services.db).get(actor.chain_id, code), "")


@router.post("/admin/roles/{code}", dependencies=[ByPerson])
def change(
    view: CurrentView,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    code: str,
    *,
    name_zh: Short,
    name_en: Short,
    right: Annotated[list[str] | None, Form()] = None,
    needs_second_factor: Annotated[bool, Form()] = False,
) -> Response:
    keeper(actor)
    book = RoleBook(services.db)
    try:
        book.change(
            actor.chain_id,
            code,
            name=T(name_zh.strip() or code, name_en.strip() or code),
            rights=right or (),
            needs_second_factor=needs_second_factor,
            asker=asker_for(actor, origin),
        )
    except (ConflictError, InvalidError) as error:
        text = say(view.language, error.text)
        return _role_page(view, actor, book.get(actor.chain_id, code), text, error.status)
    return RedirectResponse("/admin/roles", 303)


def _matrix_page(
    view: View,
    services: Services,
    actor: Actor,
    given: dict[str, str],
    errors: dict[str, str],
    status: int,
) -> Response:
    roles = RoleBook(services.db).listed(actor.chain_id)
    held = frozenset[str]().union(*(role.rights for role in roles))
    return view.page(
        "roles.html",
        status=status,
        roles=roles,
        subjects=subjects(held),
        action_label=action_label,
        may_keep=may_keep(actor),
        given=given,
        errors=errors,
    )


def _role_page(
    view: View, actor: Actor, role: RoleSheet, error: str, status: int = 200
) -> Response:
    return view.page(
        "role.html",
        status=status,
        role=role,
        subjects=subjects(role.rights),
        action_label=action_label,
        may_keep=may_keep(actor),
        error=error,
    )
