"""The queue before the journal: order within a node, turns between nodes, bounds (R34)."""

import threading
from itertools import count

import numpy as np

from hub.ingest.inbox import LIMIT_MESSAGES, MOST_AT_ONCE, NODE_AT_ONCE, NODE_MESSAGES, Inbox
from hub.ingest.intake import Arrival


def message(node: int, number: int) -> Arrival:
    return Arrival(f"spBv1.0/g/NDATA/n-{node}", b"x", number)


def drained(inbox: Inbox) -> list[list[Arrival]]:
    groups = []
    while len(inbox):
        groups.append(inbox.take(0.0))
    return groups


def test_a_node_keeps_its_order_and_nothing_is_lost() -> None:
    inbox = Inbox(linger_s=0.0)
    for number in range(700):
        for node in range(5):
            inbox.put(message(node, number))
    taken = [arrival for group in drained(inbox) for arrival in group]
    assert len(taken) == 3500
    for node in range(5):
        mine = [a.received_ms for a in taken if a.topic.endswith(f"n-{node}")]
        assert mine == list(range(700))


def test_a_quiet_node_is_in_the_next_commit_however_loud_another_is() -> None:
    inbox = Inbox(linger_s=0.0)
    for number in range(NODE_MESSAGES):
        for loud in range(3):
            inbox.put(message(loud, number))
    inbox.put(message(99, 1))
    first = inbox.take(0.0)
    assert len(first) <= MOST_AT_ONCE
    assert "spBv1.0/g/NDATA/n-99" in {arrival.topic for arrival in first}


def test_a_node_cannot_fill_the_queue_of_all() -> None:
    """And what is not heard is counted."""
    inbox = Inbox(linger_s=0.0)
    for number in range(LIMIT_MESSAGES * 3):
        inbox.put(message(1, number))
    inbox.put(message(2, 0))
    assert len(inbox) == NODE_MESSAGES + 1
    assert inbox.dropped == LIMIT_MESSAGES * 3 - NODE_MESSAGES


def test_the_sender_waits_while_all_queues_are_full() -> None:
    inbox = Inbox(linger_s=0.0)
    nodes = LIMIT_MESSAGES // NODE_MESSAGES
    for node in range(nodes):
        for number in range(NODE_MESSAGES):
            inbox.put(message(node, number))
    late = threading.Thread(target=inbox.put, args=(message(77, 0),))
    late.start()
    late.join(0.05)
    assert late.is_alive()
    inbox.take(0.0)
    late.join(2)
    assert not late.is_alive()
    inbox.close()


def waits(noise: int, rounds: int = 400) -> list[int]:
    """How many messages are taken in before each of a quiet node's, while another says `noise`
    in the time in which the quiet ones say one each."""
    inbox, found, numbers = Inbox(linger_s=0.0), [], count()
    done, said = 0, dict[int, int]()
    for _ in range(rounds):
        for quiet in range(1, 100):
            number = next(numbers)
            said[number] = done
            inbox.put(message(quiet, number))
        for _ in range(noise):
            inbox.put(message(0, -1))
        group = inbox.take(0.0)
        for arrival in group:
            done += 1
            if arrival.received_ms >= 0:
                found.append(done - said.pop(arrival.received_ms))
    return found


def test_beside_a_store_a_thousand_times_as_loud_others_wait_for_a_little_of_it() -> None:
    """R34, counted in messages: no quiet message waits for a second commit."""
    usual, busy = np.percentile(waits(1), 99), np.percentile(waits(1000), 99)
    assert usual <= 100
    assert busy <= usual + NODE_AT_ONCE
