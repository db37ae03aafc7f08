"""Who looks at which record type: what the pages of the archive begin with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from hub.archive.catalogue import RECORD_TYPES
from hub.errors import NotFoundError, T
from hub.kit.db import Record, ScopedSession
from hub.kit.preferences.service import preferences
from hub.kit.records.access import right_of
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import fields_of, path_of
from hub.kit.records.names import names_of, references
from hub.security.actor import Actor
from hub.web.deps import CurrentUser
from hub.web.language import say
from hub.web.records.cells import Cells
from hub.web.records.forms import Form, Forms
from hub.web.records.menu import Group, menu, module_of
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.views import CurrentView

BY_PATH = {path_of(model): model for model in RECORD_TYPES}
_NO_TYPE = T("档案里没有这一类。", "The archive has no such type.")


async def posted(request: Request) -> Mapping[str, str]:
    """The text fields of the form that was sent; several of one name are joined by commas."""
    form = await request.form()
    values: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            values[name] = f"{values[name]},{value}" if values.get(name) else value
    return values


Posted = Annotated[Mapping[str, str], Depends(posted)]


@dataclass(frozen=True)
class Desk:
    """A visitor, a record type, and the frame of its pages."""

    view: View
    actor: Actor
    model: type[Record]

    @property
    def path(self) -> str:
        return f"/archive/{path_of(self.model)}"

    @property
    def services(self) -> Services:
        services: Services = self.view.request.app.state.services
        return services

    def may(self, action: str) -> bool:
        return self.actor.may(right_of(self.model, action))

    def may_create(self) -> bool:
        """A record of the chain, or a store, is made only by a right that reaches all of it."""
        if "store_id" in fields_of(self.model) or self.model.__record__.is_open:
            return self.may("create")
        return self.actor.reach(right_of(self.model, "create")) is None

    def page(self, name: str, *, status: int = 200, **values: object) -> Response:
        return self.view.page(
            name,
            status=status,
            kind=path_of(self.model),
            label=self.say(self.model.__record__.label),
            one=self.say(self.model.__record__.one),
            groups=self.groups(),
            **values,
        )

    def form_page(
        self,
        session: ScopedSession,
        form: Form,
        record: Record | None,
        clash: str = "",
        status: int = 200,
    ) -> Response:
        values = {"form": form, "record": record, "clash": clash}
        full = self.is_full(session)
        return self.page("records/form.html", status=status, is_full=full, **values)

    @property
    def full_key(self) -> str:
        """The choice between few fields and all of them holds for a whole part of the archive."""
        return f"full.{module_of(path_of(self.model))}"

    def is_full(self, session: ScopedSession) -> bool:
        """Whether rare fields are shown to this visitor without being asked for."""
        return bool(preferences(session, self.full_key))

    def groups(self) -> list[Group]:
        return menu(self.actor, self.view.language)

    def say(self, text: T) -> str:
        return say(self.view.language, text)

    def forms(self, session: ScopedSession) -> Forms:
        return Forms(session, self.model, self.view.language)

    def cells(self, session: ScopedSession, record: Record) -> Cells:
        fields = fields_in(session, self.model)
        names = names_of(session, references([record], fields, with_lines=True))
        return Cells(self.view.language, self.view.zone, names)


async def desk(view: CurrentView, actor: CurrentUser, kind: str) -> Desk:
    if kind not in BY_PATH:
        raise NotFoundError(_NO_TYPE)
    model = BY_PATH[kind]
    actor.demand(right_of(model, "read"))
    return Desk(view, actor, model)


At = Annotated[Desk, Depends(desk)]
