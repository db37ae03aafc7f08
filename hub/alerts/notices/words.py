"""What a notice says: what, where, since when, why, what to do, and the link that acknowledges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.alerts.notices.services import Letter
from hub.alerts.play import Play
from hub.alerts.playbook import says
from hub.detection.findings import Rule, Severity
from hub.errors import T

LISTED = 8
LEVELS = {
    Severity.CRITICAL: T("紧急", "Critical"),
    Severity.HIGH: T("高", "High"),
    Severity.MEDIUM: T("中", "Medium"),
    Severity.LOW: T("低", "Low"),
}
_ONE = T("【{level}】{store}：{thing} {what}", "[{level}] {store}: {thing}, {what}")
_MANY = T("{number} 条预警，最高级别：{level}", "{number} alerts, the worst: {level}")
_SINCE = T("开始：{at}", "Since {at}")
_CAUSE = T("原因：{cause}", "Cause: {cause}")
_DO = T("处理：", "To do:")
_MORE = T("另有 {number} 条，见链接。", "and {number} more, see the link.")
_LINK = T("打开并确认：{link}", "Open and acknowledge: {link}")


@dataclass(frozen=True, slots=True)
class Subject:
    """One alert as a letter tells of it."""

    alert_id: UUID
    rule: Rule
    severity: Severity
    store: str
    zone: str
    thing: str
    began_at: datetime
    evidence: dict[str, object]
    play: Play

    def title(self) -> T:
        level, title = LEVELS[self.severity], self.play.title
        return T(
            _ONE.zh.format(level=level.zh, store=self.store, thing=self.thing, what=title.zh),
            _ONE.en.format(
                level=level.en, store=self.store, thing=self.thing, what=title.en.lower()
            ),
        )

    def since(self) -> T:
        local = self.began_at.astimezone(ZoneInfo(self.zone))
        return _SINCE.format(at=f"{local:%m-%d %H:%M}")


def letter(subjects: Sequence[Subject], language: str, link: str) -> Letter:
    """One alert in full, or many in a line each, the worst first."""
    worst = sorted(subjects, key=lambda one: (-one.severity, one.began_at))
    is_english = language == "en"

    def word(text: T) -> str:
        return text.en if is_english else text.zh

    said = word(_LINK.format(link=link))
    if len(worst) == 1:
        return Letter(word(worst[0].title()), "\n".join([*_full(worst[0], word), said]))
    level = LEVELS[worst[0].severity]
    title = T(
        _MANY.zh.format(number=len(worst), level=level.zh),
        _MANY.en.format(number=len(worst), level=level.en.lower()),
    )
    lines = [word(one.title()) for one in worst[:LISTED]]
    if len(worst) > LISTED:
        lines.append(word(_MORE.format(number=len(worst) - LISTED)))
    return Letter(word(title), "\n".join([*lines, said]))


def _full(one: Subject, word: Callable[[T], str]) -> list[str]:
    evidence = {**one.evidence, "device": one.thing}
    return [
        word(says(one.rule, evidence)),
        word(one.since()),
        word(_CAUSE.format(cause="{cause}")).format(cause=word(one.play.cause)),
        word(_DO),
        *(f"{n}. {word(step)}" for n, step in enumerate(one.play.measure, 1)),
    ]
