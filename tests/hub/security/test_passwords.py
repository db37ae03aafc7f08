"""Two checks at a time, however many come."""

import threading
import time

import pytest

from hub.errors import BusyError
from hub.security import passwords
from hub.security.passwords import Passwords


def test_at_most_two_are_checked_at_once() -> None:
    """argon2 takes 0.3 s of a core and 64 MB: uncapped log-ins starve the hub."""
    checks, inside, most = Passwords(time_cost=1, memory_kib=1024), [0], [0]
    lock = threading.Lock()

    def check() -> None:
        with checks.turn():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.01)
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=check) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [2]


def test_when_both_places_stay_taken_one_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.01)
    checks = Passwords(time_cost=1, memory_kib=1024)
    with checks.turn(), checks.turn(), pytest.raises(BusyError):
        checks.hash("x")


def test_an_unknown_account_is_compared_all_the_same() -> None:
    checks = Passwords(time_cost=1, memory_kib=1024)
    assert checks.is_right("secret words", checks.hash("secret words"))
    assert not checks.is_right("other words", checks.hash("secret words"))
    assert not checks.is_right("nobody signs in with this", None)
