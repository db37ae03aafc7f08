"""/courses: the path of one's roles, lessons with a quiz, the trainer's kit, and who is how far."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.web.courses import COURSES, Course, course_of, mark, passed, path_of_roles, taken
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.help import Topic, topics
from hub.web.pages.people import people_of
from hub.web.records.desk import Posted
from hub.web.rendering import View
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)
PEOPLE_MAX = 500


@router.get("/courses")
def show(view: CurrentView, session: ReadSession, actor: CurrentUser) -> Response:
    path = path_of_roles(actor.roles)
    others = [one for one in COURSES if one not in path]
    return view.page(
        "courses.html",
        mine=taken(session, path),
        others=taken(session, others),
        may_see_people=actor.may("users.read"),
    )


@router.get("/courses/people", dependencies=[require("users.read")])
def people(view: CurrentView, services: Hub, session: ReadSession, actor: CurrentUser) -> Response:
    """Who has passed what; a dash where the course is not of the person's roles."""
    everybody = people_of(services).listed(actor.chain_id)
    found = [one for one in everybody if one.archived_at is None][:PEOPLE_MAX]
    done = passed(session, [one.id for one in found])
    rows = []
    for one in found:
        path = path_of_roles([grant.role for grant in one.grants])
        days = [(done.get((one.id, course.slug)), course in path) for course in COURSES]
        rows.append((one.name, days))
    return view.page("courses-people.html", courses=COURSES, rows=rows)


@router.get("/courses/{slug}")
def lesson(view: CurrentView, session: ReadSession, slug: str) -> Response:
    return _page(view, course_of(slug), taken(session, [course_of(slug)])[0].passed_on)


@router.post("/courses/{slug}")
def answer(view: CurrentView, session: WriteSession, slug: str, form: Posted) -> Response:
    course = course_of(slug)
    given = {
        number: int(form[f"q{number}"])
        for number, _ in enumerate(course.quiz)
        if form.get(f"q{number}", "") in ("0", "1", "2")
    }
    wrong = mark(session, course, given, view.now.astimezone(view.zone).date())
    if wrong:
        return _page(view, course, None, wrong=wrong, given=given, status=422)
    return RedirectResponse(f"/courses/{slug}#quiz", 303)


@router.get("/courses/{slug}/kit", dependencies=[require("users.read")])
def kit(view: CurrentView, slug: str) -> Response:
    """For whoever trains others on site: all lessons, the answers, and a list to sign."""
    return _page(view, course_of(slug), None, template="course-kit.html")


def _apart(topic: Topic) -> Topic:
    """With names of its sections that no other topic on the same page has."""
    return replace(topic, html=topic.html.replace('<section id="', f'<section id="{topic.slug}-'))


def _page(
    view: View,
    course: Course,
    passed_on: object,
    *,
    wrong: set[int] | None = None,
    given: dict[int, int] | None = None,
    status: int = 200,
    template: str = "course.html",
) -> Response:
    known = topics(view.language)
    values: dict[str, Any] = {
        "course": course,
        "lessons": [_apart(known[one]) for one in course.lessons],
    }
    values |= {"passed_on": passed_on, "wrong": wrong, "given": given or {}}
    return view.page(template, status=status, **values)
