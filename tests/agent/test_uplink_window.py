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


def opened(window: SendWindow, batches: int) -> SendWindow:
    """Each batch sent and acknowledged at once, on a quick line."""
    for row_id in range(1, batches + 1):
        window.mark_sent(OLD, row_id, 0.0)
        window.take_ack(OLD, row_id, 0.1)
    return window


def test_it_opens_by_what_arrives_up_to_its_size() -> None:
    assert SendWindow().room([OLD]) == 32
    assert opened(SendWindow(), 20).room([OLD]) == 52
    assert opened(SendWindow(size=16), 50).room([OLD]) == 16


def test_a_rewind_sends_less_and_waits_longer_until_something_arrives() -> None:
    window = opened(SendWindow(timeout_s=5.0), 56)
    window.mark_sent(LIVE, 10, 0.0)
    window.rewind()
    assert window.room([LIVE]) == 44
    window.mark_sent(LIVE, 10, 5.0)
    assert not window.is_stuck([LIVE], 14.9)
    assert window.is_stuck([LIVE], 15.0)
    window.take_ack(LIVE, 10, 5.5)
    window.mark_sent(LIVE._replace(next_id=12), 11, 6.0)
    assert window.is_stuck([LIVE], 11.0)


def test_a_queue_that_grows_closes_it_once_a_round() -> None:
    """R16: 256 kbit/s and 800 ms; what waits in the line is not sent again."""
    window, far = opened(SendWindow(), 56), OLD._replace(next_id=200)
    for row_id in range(57, 121):
        window.mark_sent(far, row_id, 10.0)
    window.take_ack(far, 57, 14.0)
    window.take_ack(far, 60, 14.5)
    assert window.room([]) == 66
    assert not window.is_stuck([far], 14.5 + 3 * 4.5 - 0.1)
    window.mark_sent(far, 121, 15.0)
    window.take_ack(far, 121, 19.0)
    assert window.room([]) == 49


def test_a_line_that_is_far_but_empty_keeps_it_open() -> None:
    window = SendWindow()
    for row_id in range(1, 40):
        window.mark_sent(OLD, row_id, float(row_id))
        window.take_ack(OLD, row_id, row_id + 2.5)
    assert window.room([]) == 32 + 39
