"""/feedback: said on any page, followed to its answer; administrators work on it in the archive."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.archive.feedback.records import FeedbackKind, UserFeedback
from hub.archive.feedback.service import Report, join, lines, say
from hub.errors import InvalidError
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.clock import utc_now
from hub.kit.files.service import Kept, Owner
from hub.web.browsers import browser_name
from hub.web.deps import CurrentUser, From, Hub, ReadSession, WriteSession
from hub.web.help import RELEASE
from hub.web.language import say as in_language
from hub.web.pages.login import own_address
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)
MAX_BYTES = 10 << 20
Page = Annotated[str, Query(max_length=2000)]


@router.get("/feedback")
def show(view: CurrentView, session: ReadSession) -> Response:
    return view.page("feedback.html", lines=lines(session))


@router.get("/feedback/new")
def ask(view: CurrentView, page: Page = "/") -> Response:
    """A page of its own, and what the dialog of every page asks for."""
    return view.page("feedback-new.html", kinds=FeedbackKind, about=own_address(page), typed="")


@router.post("/feedback")
def send(
    view: CurrentView,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    kind: Annotated[FeedbackKind, Form()],
    text: Annotated[str, Form(max_length=20_000)],
    page: Annotated[str, Form(max_length=2000)] = "/",
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    report = Report(kind, text, own_address(page), browser_name(origin.user_agent), RELEASE)
    try:
        kept = keep(services, picture)
        with services.db.write(actor.scope) as session:
            # Everybody may speak up; what is recorded is who did.
            bind_asker(session, Asker(actor.user_id, actor.name, EveryRight(), origin.address))
            made = say(session, report, utc_now().astimezone(view.zone).date())
            if kept:
                owner = Owner(UserFeedback.__tablename__, made.id)
                services.files.attach(session, owner, kept)
    except InvalidError as error:
        values = {"kinds": FeedbackKind, "about": report.page, "typed": text}
        sentence = in_language(view.language, error.text)
        return view.page("feedback-new.html", status=422, error=sentence, **values)
    return RedirectResponse("/feedback", 303)


@router.post("/feedback/{id}/vote")
def vote(session: WriteSession, id: UUID) -> Response:
    join(session, id)
    return RedirectResponse("/feedback", 303)


def keep(services: Services, picture: UploadFile | None) -> Kept | None:
    """The picture that was sent along, if any."""
    data = picture.file.read(MAX_BYTES) if picture else b""
    return services.files.keep(data, picture.filename or "") if picture and data else None
