"""What a chain wrote into the play-book itself: cause and measure of a rule (ALR-05)."""

from sqlalchemy.orm import Mapped

from hub.detection.findings import Rule
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import KEY, LIST, SEARCH, TITLE, long_text, text

_RULES = {rule.value for rule in Rule}


def rule_problem(value: str) -> T | None:
    """Rules are those that the detectors know."""
    if value in _RULES:
        return None
    return T("没有这条规则。", "There is no such rule.")


class PlaybookEntry(Record):
    """What is left empty is as the play-book that comes with the hub says it."""

    __tablename__ = "playbook_entries"
    __record__ = RecordType(
        label=T("处置手册", "Play-book"),
        one=T("处置条目", "Play-book entry"),
        rights="playbooks",
        order="rule",
        start=T("写下本连锁自己的处理办法。", "Write down how this chain deals with it."),
    )

    rule: Mapped[str] = text("规则", "Rule", LIST | KEY | TITLE, max=32, check=rule_problem)
    cause_zh: Mapped[str | None] = long_text("原因（中文）", "Cause (Chinese)", LIST | SEARCH)
    cause_en: Mapped[str | None] = long_text("原因（英文）", "Cause (English)", SEARCH)
    measure_zh: Mapped[str | None] = long_text(
        "处理办法（中文，每行一步）", "What to do (Chinese, one step a line)", SEARCH
    )
    measure_en: Mapped[str | None] = long_text(
        "处理办法（英文，每行一步）", "What to do (English, one step a line)", SEARCH
    )
