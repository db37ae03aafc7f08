"""Comments on records, and /mentions: where one is named, with a receipt when it is read."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import NotFoundError
from hub.kit.comments import service
from hub.kit.comments.models import TEXT_MAX
from hub.kit.records.access import load
from hub.kit.records.declare import path_of, title_of
from hub.kit.records.models import model_of
from hub.web.colleagues import colleagues
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession
from hub.web.records.desk import At
from hub.web.views import CurrentView, named_key

router = APIRouter(include_in_schema=False)
_NAMED = re.compile(r"@([a-z0-9][a-z0-9._@-]*)")
Text = Annotated[str, Form(max_length=TEXT_MAX * 2)]
Named = Annotated[list[UUID], Form(max_length=50)]
NOBODY: list[UUID] = []


@dataclass(frozen=True, slots=True)
class MentionLine:
    """Where somebody is named."""

    id: UUID
    title: str
    by: str
    at: datetime
    text: str
    is_read: bool


@router.post("/archive/{kind}/{id}/comments")
def comment(
    at: At, session: WriteSession, id: UUID, text: Text = "", named: Named = NOBODY
) -> Response:
    """Those chosen in the form are named, and those written as `@username`."""
    written = {name.rstrip("._-@") for name in _NAMED.findall(text)}
    people = {
        one: name for one, name, user in colleagues(session) if one in named or user in written
    }
    service.say(session, at.model, id, text, people)
    return RedirectResponse(f"{at.path}/{id}#comments", 303)


@router.post("/archive/{kind}/{id}/comments/{comment_id}/withdraw")
def withdraw(at: At, session: WriteSession, id: UUID, comment_id: UUID) -> Response:
    load(session, at.model, id)
    service.withdraw(session, comment_id)
    return RedirectResponse(f"{at.path}/{id}#comments", 303)


@router.get("/mentions")
def show_mentions(view: CurrentView, session: ReadSession) -> Response:
    """The newest first; what one may no longer read is left out."""
    lines = []
    for mention, said in service.my_mentions(session):
        try:
            record = load(session, model_of(said.record_type), said.record_id)
        except NotFoundError:
            continue
        read = mention.read_at is not None
        made = (said.id, title_of(record), said.author_name, said.created_at, said.text, read)
        lines.append(MentionLine(*made))
    return view.page("mentions.html", lines=lines)


@router.post("/mentions/{id}")
def open_mention(session: WriteSession, services: Hub, actor: CurrentUser, id: UUID) -> Response:
    """Read now: to the record."""
    said = service.mark_read(session, id)
    services.recent.forget(named_key(actor))
    path = path_of(model_of(said.record_type))
    return RedirectResponse(f"/archive/{path}/{said.record_id}#comments", 303)
