"""The gate in front of SQLite: in order, one at a time, never for ever."""

import threading
import time

import pytest

from hub.errors import BusyError
from hub.kit.gate import OVERHELD, Gate


def waiting(gate: Gate) -> int:
    return len(gate._queue)


def test_those_who_wait_enter_in_the_order_they_came() -> None:
    gate, entered, threads = Gate(), [], []

    def enter(number: int) -> None:
        with gate.hold("test"):
            entered.append(number)

    with gate.hold("test"):
        for number in range(20):
            threads.append(threading.Thread(target=enter, args=(number,)))
            threads[-1].start()
            while waiting(gate) <= number:
                time.sleep(0.0005)
    for thread in threads:
        thread.join()
    assert entered == list(range(20))


def test_only_one_is_inside() -> None:
    gate, inside, most = Gate(), [0], [0]

    def work() -> None:
        for _ in range(200):
            with gate.hold("test"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_a_queue_that_does_not_move_is_told_and_left() -> None:
    gate, refused = Gate(patience_s=0.02), []

    def enter() -> None:
        try:
            with gate.hold("test"):
                pass
        except BusyError as error:
            refused.append(error)

    with gate.hold("test"):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert len(refused) == 1
    with gate.hold("test"):  # whoever gave up is not handed the gate
        assert waiting(gate) == 0


def test_a_second_hold_in_one_thread_is_a_bug_and_not_a_deadlock() -> None:
    gate = Gate()
    with gate.hold("test"), pytest.raises(RuntimeError, match="do not nest"), gate.hold("test"):
        pass


def test_an_error_inside_opens_the_gate() -> None:
    gate = Gate()
    with pytest.raises(ValueError, match="inside"), gate.hold("test"):
        raise ValueError("inside")
    with gate.hold("test"):
        assert waiting(gate) == 0


def test_holding_too_long_is_counted_by_kind_of_work() -> None:
    before = OVERHELD.labels("slow")._value.get()
    with Gate().hold("slow"):
        time.sleep(0.06)
    assert OVERHELD.labels("slow")._value.get() == before + 1
