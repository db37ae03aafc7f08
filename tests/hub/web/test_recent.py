"""Figures are shared for a while and then worked out anew."""

from hub.web.recent import MAX_KEPT, Recent


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_figure_is_made_once_in_its_time() -> None:
    clock, made = Clock(), list[int]()

    def make() -> int:
        made.append(1)
        return len(made)

    recent = Recent(clock)
    assert [recent.get("a", 5.0, make), recent.get("a", 5.0, make)] == [1, 1]
    clock.now = 5.1
    assert recent.get("a", 5.0, make) == 2
    assert recent.get("b", 5.0, make) == 3


def test_what_failed_is_not_kept() -> None:
    recent = Recent(Clock())
    outcomes = iter([ZeroDivisionError, None])

    def make() -> str:
        outcome = next(outcomes)
        if outcome:
            raise outcome
        return "made"

    try:
        recent.get("a", 5.0, make)
    except ZeroDivisionError:
        assert recent.get("a", 5.0, make) == "made"


def test_memory_stays_bounded() -> None:
    recent = Recent(Clock())
    for number in range(MAX_KEPT + 5):
        recent.get(number, 60.0, lambda: 0)
    assert len(recent._kept) <= MAX_KEPT
