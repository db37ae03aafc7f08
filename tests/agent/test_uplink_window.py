"""What is under way, and when it counts as lost: an epoch is judged by itself (EDG-05, EDG-12)."""

import math

from agent.outbox_rows import Epoch
from agent.uplink_window import SendWindow

OLD = Epoch(1, 0xA, first=1, next_id=101)
LIVE = Epoch(2, 0xB, first=1, next_id=11)


def sent_at_0(*epochs: Epoch) -> SendWindow:
    window = SendWindow(timeout_s=5.0)
    for epoch in epochs:
        window.mark_sent(epoch, 10, 0.0)
    return window


def test_what_is_not_acknowledged_for_the_time_out_is_lost() -> None:
    window = sent_at_0(LIVE)
    assert not window.is_stuck([LIVE], 4.9)
    assert window.is_stuck([LIVE], 5.0)


def test_progress_of_one_epoch_does_not_hide_the_loss_of_another() -> None:
    window = sent_at_0(OLD, LIVE)
    for second in range(1, 5):
        window.take_ack(OLD, second, float(second))
    assert window.is_stuck([OLD, LIVE], 5.0)


def test_a_gap_that_the_hub_has_heard_of_is_no_progress() -> None:
    """An outbox that overflows drops a batch a second and is told so: nothing of it arrived."""
    window = sent_at_0(OLD)
    for second in range(1, 5):
        cut = OLD._replace(first=1 + second)
        assert window.take_ack(cut, second, float(second))
    assert window.is_stuck([cut], 5.0)


def test_where_nothing_is_under_way_nothing_is_lost() -> None:
    window = sent_at_0(LIVE)
    window.take_ack(LIVE, 10, 1.0)
    assert window.stuck_at_s([LIVE]) == math.inf
    later = LIVE._replace(next_id=12)
    window.mark_sent(later, 11, 60.0)
    assert not window.is_stuck([later], 60.0)
    assert window.stuck_at_s([later]) == 65.0


def test_a_rewind_sends_less_and_waits_longer_until_something_arrives() -> None:
    window = sent_at_0(LIVE)
    window.rewind()
    assert window.room([LIVE]) == 128
    window.mark_sent(LIVE, 10, 5.0)
    assert not window.is_stuck([LIVE], 14.9)
    assert window.is_stuck([LIVE], 15.0)
    window.take_ack(LIVE, 10, 15.0)
    assert window.room([LIVE]) == 256
