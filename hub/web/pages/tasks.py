"""/tasks: what waits for oneself, and the work of a store step by step."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession
from hub.web.tasks.flows import progress, tick
from hub.web.tasks.looking import Looking
from hub.web.tasks.waiting import waiting
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)


@router.get("/tasks")
def show(view: CurrentView, services: Hub, session: ReadSession, actor: CurrentUser) -> Response:
    today = view.now.astimezone(view.zone).date()
    return view.page(
        "tasks.html",
        tasks=waiting(Looking(session, services, actor, view.now)),
        flows=progress(session, actor, today),
    )


@router.post("/tasks/{flow}")
def check(
    view: CurrentView,
    session: WriteSession,
    actor: CurrentUser,
    flow: str,
    step: Annotated[int, Form(ge=1, le=20)],
) -> Response:
    tick(session, actor, flow, step, view.now.astimezone(view.zone).date())
    return RedirectResponse(f"/tasks#{flow}", 303)
