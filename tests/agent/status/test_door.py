"""Who may look at the status page: this machine, and who knows the PIN."""

import pytest

from agent.status.door import LOCKED_S, MOST_SESSIONS, MOST_TRIES, SESSION_S, Door, is_own_name

PHONE = "192.168.8.31"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_this_machine_needs_no_pin_and_a_phone_does() -> None:
    door = Door("204113", Clock())
    assert door.is_open("127.0.0.1", "")
    assert not door.is_open(PHONE, "")
    session = door.enter("204113")
    assert session is not None
    assert door.is_open(PHONE, session)
    assert not door.is_open(PHONE, session + "x")


def test_a_session_ends() -> None:
    clock = Clock()
    door = Door("204113", clock)
    session = door.enter("204113")
    assert session is not None
    clock.now += SESSION_S
    assert not door.is_open(PHONE, session)


def test_guessing_locks_the_door_for_the_right_pin_too() -> None:
    clock = Clock()
    door = Door("204113", clock)
    assert [door.enter("000000") for _ in range(MOST_TRIES)] == [None] * MOST_TRIES
    assert door.enter("204113") is None
    assert door.locked_s() == LOCKED_S
    clock.now += LOCKED_S
    assert door.enter("204113") is not None


def test_sessions_are_bounded_and_the_oldest_goes() -> None:
    clock = Clock()
    door = Door("204113", clock)
    first = door.enter("204113") or ""
    for _ in range(MOST_SESSIONS):
        clock.now += 1
        door.enter("204113")
    assert not door.is_open(PHONE, first)


@pytest.mark.parametrize(
    "host", ["192.168.8.20:8099", "[::1]:8099", "localhost", "pi", "PI.local:8099"]
)
def test_addresses_and_the_own_name_are_ours(host: str) -> None:
    assert is_own_name(host, "pi")


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:8099", "pi.evil.example"])
def test_a_foreign_name_is_refused(host: str) -> None:
    assert not is_own_name(host, "pi")
