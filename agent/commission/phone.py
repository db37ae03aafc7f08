"""The set-up answered on a phone: the wizard's questions as a document, its answers as messages.

The wizard runs in the main thread and waits here; the page's server calls from threads of its own.
"""

import json
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.commission.scan import Progress
from agent.words import Language, T

MOST_SAID = 300


class StoppedError(Exception):
    """The person on the phone ended the set-up."""


@dataclass(frozen=True, slots=True)
class Question:
    """`number` keeps an answer that comes twice from answering the next question."""

    number: int
    kind: str  # ask, confirm, choose
    text: T
    default: str
    options: tuple[T, ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "kind": self.kind,
            "text": self.text._asdict(),
            "default": self.default,
            "options": [option._asdict() for option in self.options],
        }


@dataclass
class PhoneAsker:
    """Implements `agent.commission.wizard.Asker`; nothing is written before all is answered."""

    language: Language = Language.ZH
    is_over: bool = False
    _said: deque[T] = field(default_factory=lambda: deque(maxlen=MOST_SAID))
    _question: Question | None = None
    _answer: str | None = None
    _asked: int = 0
    _count: int = 0
    _progress: tuple[str, int, int] = ("", 0, 0)
    _is_stopped: bool = False
    _turn: threading.Condition = field(default_factory=threading.Condition)

    # for the page

    def document(self) -> dict[str, Any]:
        """Everything that the page shows."""
        with self._turn:
            label, done, in_all = self._progress
            return {
                "said": [text._asdict() for text in self._said],
                "count": self._count,
                "question": self._question.document() if self._question else None,
                "progress": {"label": label, "done": done, "all": in_all} if in_all else None,
                "is_over": self.is_over,
            }

    def take(self, text: str) -> bool:
        """An answer of the phone as JSON; False for one that answers nothing."""
        try:
            found = json.loads(text)
            number, value = int(found["number"]), str(found["value"])
            language = Language(found.get("language", self.language))
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
        with self._turn:
            self.language = language
            if value == "stop" and found.get("is_stop") is True:
                self._is_stopped = True
            elif self._question is None or self._question.number != number:
                return False
            self._answer, self._question = value, None
            self._turn.notify_all()
            return True

    # for the wizard

    def say(self, text: T) -> None:
        with self._turn:
            self._said.append(text)
            self._count += 1
            self._progress = ("", 0, 0)

    def word(self, text: T) -> str:
        return text.in_(self.language)

    def ask(self, question: T, default: str = "") -> str:
        return self._wait("ask", question, default)[:200].strip() or default

    def confirm(self, question: T, *, default: bool) -> bool:
        return self._wait("confirm", question, "y" if default else "n") == "y"

    def choose(self, question: T, options: Sequence[T], default: int) -> int:
        answer = self._wait("choose", question, str(default), tuple(options))
        index = int(answer) if answer.isdecimal() else -1
        return index if index < len(options) else -1

    def progress(self, label: str) -> Progress:
        def tell(done: int, in_all: int) -> None:
            with self._turn:
                self._progress = (label, done, in_all)
                if self._is_stopped:
                    raise StoppedError

        return tell

    def _is_answered(self) -> bool:
        if self._is_stopped:
            raise StoppedError
        return self._answer is not None

    def _given(self) -> str:
        return self._answer or ""

    def _wait(self, kind: str, text: T, default: str, options: tuple[T, ...] = ()) -> str:
        with self._turn:
            self._asked += 1
            self._progress, self._answer = ("", 0, 0), None
            self._question = Question(self._asked, kind, text, default, options)
            while not self._is_answered():
                self._turn.wait(1.0)  # so that Ctrl-C on the Pi is heard
            answer = self._given() or default
            if kind == "ask":
                self._said.append(T(f"{text.zh} {answer}", f"{text.en} {answer}"))
                self._count += 1
            return answer
