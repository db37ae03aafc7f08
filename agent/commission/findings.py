"""What a check found: well, worth a look, or wrong with what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agent.words import Language, T, plain

_NOTHING = T("", "")


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


_MARKS = {
    State.OK: T("正常  ", "ok      "),
    State.WARNING: T("注意  ", "WARNING "),
    State.FAILED: T("有问题", "FAILED  "),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` says what was seen, `todo` what to do about it; a failure always has one."""

    part: str
    name: T
    state: State
    text: T
    todo: T = _NOTHING

    @property
    def is_ok(self) -> bool:
        return self.state is not State.FAILED

    def line(self, language: Language) -> str:
        todo = f"  → {self.todo.in_(language)}" if self.todo.en else ""
        mark, name = _MARKS[self.state].in_(language), self.name.in_(language)
        return f"{mark}  {name}: {self.text.in_(language)}{todo}"

    def document(self, language: Language) -> dict[str, object]:
        return {
            "part": self.part,
            "name": self.name.in_(language),
            "state": self.state.value,
            "is_ok": self.is_ok,
            "text": self.text.in_(language),
            "todo": self.todo.in_(language),
        }


def ok(part: str, name: T, text: T | str) -> Finding:
    return Finding(part, name, State.OK, _both(text))


def warning(part: str, name: T, text: T | str, todo: T) -> Finding:
    return Finding(part, name, State.WARNING, _both(text), todo)


def failed(part: str, name: T, text: T | str, todo: T) -> Finding:
    return Finding(part, name, State.FAILED, _both(text), todo)


def verdict(findings: Iterable[Finding], language: Language) -> str:
    """One line at the end: green, or how many are not."""
    bad = [f for f in findings if not f.is_ok]
    if not bad:
        return T("✔ 全部正常。", "✔ All is well.").in_(language)
    names = ", ".join(f.name.in_(language) for f in bad)
    return T(f"✘ {len(bad)} 项有问题：{names}", f"✘ {len(bad)} to mend: {names}").in_(language)


def _both(text: T | str) -> T:
    return text if isinstance(text, T) else plain(text)
