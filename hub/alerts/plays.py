"""The play-book as a chain has it: its own causes and measures above the ones that come with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select

from hub.alerts.play import Play
from hub.alerts.playbook import PLAYBOOK
from hub.archive.playbooks.records import PlaybookEntry
from hub.detection.findings import Rule
from hub.errors import T
from hub.kit.db import ScopedSession


@dataclass(frozen=True, slots=True)
class Plays:
    """`plays[rule]`; `edited` are the entries of the chain."""

    edited: Mapping[str, PlaybookEntry]

    @staticmethod
    def of(session: ScopedSession) -> "Plays":
        found = select(PlaybookEntry).where(PlaybookEntry.archived_at.is_(None))
        return Plays({one.rule: one for one in session.scalars(found)})

    def __getitem__(self, rule: Rule) -> Play:
        play, own = PLAYBOOK[rule], self.edited.get(rule.value)
        if own is None:
            return play
        return replace(
            play,
            cause=T(own.cause_zh or play.cause.zh, own.cause_en or play.cause.en),
            measure=_steps(own, play),
        )


def _steps(own: PlaybookEntry, play: Play) -> tuple[T, ...]:
    """One line a step; a language that is left empty shows the other's."""
    zh, en = _lines(own.measure_zh), _lines(own.measure_en)
    if not zh and not en:
        return play.measure
    number = max(len(zh), len(en))
    zh, en = zh or en, en or zh
    return tuple(T(_at(zh, n) or _at(en, n), _at(en, n) or _at(zh, n)) for n in range(number))


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _at(lines: list[str], index: int) -> str:
    return lines[index] if index < len(lines) else ""
