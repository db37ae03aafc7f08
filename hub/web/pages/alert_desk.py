"""What stands behind the alerts: the play-book that may be edited, and which rules are noisy."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.alerts import service
from hub.alerts.play import Play
from hub.alerts.playbook import PLAYBOOK
from hub.alerts.plays import Plays
from hub.alerts.votes import RuleQuality, quality
from hub.archive.playbooks.records import PlaybookEntry
from hub.detection.findings import Rule
from hub.errors import NotFoundError, T
from hub.kit.records.apply import Action, Change, apply
from hub.web.deps import CurrentUser, ReadSession, WriteSession, require
from hub.web.language import Language, say
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

MONTH = timedelta(days=30)
NO_RULE = T("没有这条规则。", "There is no such rule.")
Text = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True)
class PlayRow:
    """One rule of the play-book; `entry` is what the chain wrote itself."""

    rule: str
    title: str
    play: Play
    cause: str
    steps: tuple[str, ...]
    entry: PlaybookEntry | None


@dataclass(frozen=True)
class QualityRow:
    """How one rule did in the last thirty days."""

    title: str
    rule: str
    one: RuleQuality


@router.get("/alerts/playbook")
def playbook(view: CurrentView, session: ReadSession, actor: CurrentUser) -> Response:
    plays = Plays.of(session)
    rows = [_row(view.language, rule, plays) for rule in Rule]
    return view.page("playbook.html", rows=rows, may_edit=actor.may("playbooks.update"))


def _row(language: Language, rule: Rule, plays: Plays) -> PlayRow:
    play = plays[rule]
    return PlayRow(
        rule=rule.value,
        title=say(language, PLAYBOOK[rule].title),
        play=play,
        cause=say(language, play.cause),
        steps=tuple(say(language, one) for one in play.measure),
        entry=plays.edited.get(rule.value),
    )


@router.post("/alerts/playbook/{rule}")
def keep(
    session: WriteSession,
    rule: str,
    cause_zh: Text = "",
    cause_en: Text = "",
    measure_zh: Text = "",
    measure_en: Text = "",
) -> Response:
    """The chain's own words; all four empty: again what comes with the hub."""
    if rule not in {one.value for one in Rule}:
        raise NotFoundError(NO_RULE)
    words = {
        "cause_zh": cause_zh.strip() or None,
        "cause_en": cause_en.strip() or None,
        "measure_zh": measure_zh.strip() or None,
        "measure_en": measure_en.strip() or None,
    }
    _write(session, rule, words)
    return RedirectResponse(f"/alerts/playbook#{rule}", 303)


def _write(session: WriteSession, rule: str, words: dict[str, str | None]) -> None:
    known = Plays.of(session).edited.get(rule)
    record_id: UUID | None = known.id if known else None
    if any(words.values()):
        apply(session, PlaybookEntry, Change(record_id, values={"rule": rule, **words}))
    elif record_id is not None:
        apply(session, PlaybookEntry, Change(record_id, action=Action.ARCHIVE))


@router.get("/alerts/quality")
def noisy(view: CurrentView, session: ReadSession) -> Response:
    found = quality(session, view.now - MONTH, view.now)
    rows = [
        QualityRow(say(view.language, PLAYBOOK[one.rule].title), one.rule.value, one)
        for one in found
    ]
    return view.page("alert-quality.html", rows=rows)
