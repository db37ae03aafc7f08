"""The wizard's questions on a phone: one at a time, each answer once (EDG-09, EDG-10)."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from agent.commission.phone import PhoneAsker, StoppedError
from agent.words import Language, T

NAME = T("名称", "Name")
ONE, TWO = T("一", "one"), T("二", "two")


class Asked:
    """A question that a wizard waits for, as the phone sees it."""

    def __init__(self, asker: PhoneAsker, ask: Callable[[], object]) -> None:
        self._given: list[object] = []
        self._thread = threading.Thread(target=self._wait, args=(ask,))
        self._thread.start()
        deadline = time.monotonic() + 5
        while (found := asker.document()["question"]) is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        self.question: dict[str, Any] = found

    def _wait(self, ask: Callable[[], object]) -> None:
        try:
            self._given.append(ask())
        except StoppedError as error:
            self._given.append(error)

    def value(self) -> object:
        self._thread.join(5)
        return self._given[0]


def say(question: dict[str, Any], value: str, language: str = "zh") -> str:
    return json.dumps({"number": question["number"], "value": value, "language": language})


@pytest.mark.parametrize(
    ("ask", "value", "expected"),
    [
        (lambda a: a.ask(NAME, "shop"), "南京路店", "南京路店"),
        (lambda a: a.ask(NAME, "shop"), "", "shop"),
        (lambda a: a.confirm(NAME, default=True), "n", False),
        (lambda a: a.confirm(NAME, default=False), "y", True),
        (lambda a: a.choose(NAME, [ONE, TWO], 0), "1", 1),
        (lambda a: a.choose(NAME, [ONE, TWO], 0), "none", -1),
        (lambda a: a.choose(NAME, [ONE, TWO], 0), "7", -1),
    ],
)
def test_an_answer_reaches_the_wizard(
    ask: Callable[[PhoneAsker], object], value: str, expected: object
) -> None:
    asker = PhoneAsker()
    later = Asked(asker, lambda: ask(asker))
    assert asker.take(say(later.question, value))
    assert later.value() == expected


def test_an_answer_counts_once_and_sets_the_language() -> None:
    asker = PhoneAsker()
    later = Asked(asker, lambda: asker.ask(NAME))
    assert asker.take(say(later.question, "a", "en"))
    assert not asker.take(say(later.question, "b", "en")), "a second press of the key"
    assert (later.value(), asker.language) == ("a", Language.EN)
    assert asker.word(NAME) == "Name"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"number": "x", "value": 1}', "no JSON"])
def test_what_is_no_answer_is_none(text: str) -> None:
    assert not PhoneAsker().take(text)


def test_a_stop_ends_a_question_and_a_search() -> None:
    asker = PhoneAsker()
    later = Asked(asker, lambda: asker.ask(NAME))
    stop = {"number": later.question["number"], "value": "stop", "is_stop": True}
    assert asker.take(json.dumps(stop))
    assert isinstance(later.value(), StoppedError)
    with pytest.raises(StoppedError):
        asker.progress("line")(1, 10)
