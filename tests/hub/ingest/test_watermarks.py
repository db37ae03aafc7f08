"""The hub's half of the journal protocol, as rules (EDG-12, R17-R19)."""

import pytest

from hub.ingest.watermarks import Cause, Hole, Told, Watermarks
from protocols.sparkplug.journal import BatchId, OpenEpoch


def test_only_the_next_batch_is_taken() -> None:
    marks = Watermarks()
    assert marks.is_next(BatchId(7, 1))
    marks.take(BatchId(7, 1), 100)
    taken = [n for n in range(5) if marks.is_next(BatchId(7, n))]
    assert taken == [2]


def test_epochs_count_by_themselves() -> None:
    marks = Watermarks({7: 3})
    assert marks.is_next(BatchId(8, 1))
    assert marks.is_next(BatchId(7, 4))


def test_a_hole_is_closed_by_the_announcement_with_the_time_before_it() -> None:
    marks = Watermarks({7: 3}, {7: 555})
    assert marks.close_holes([OpenEpoch(7, 10, 20)]) == [Hole(7, 4, 9, Cause.DROPPED, 555)]
    assert marks.is_next(BatchId(7, 10))
    assert marks.close_holes([OpenEpoch(7, 10, 21)]) == []


def test_what_an_earlier_hub_has_had_is_a_hole_of_its_own_kind() -> None:
    marks = Watermarks()
    assert marks.close_holes([OpenEpoch(7, 1, 5), OpenEpoch(6, 31, 30)]) == [
        Hole(6, 1, 30, Cause.FORGOTTEN, 0)
    ]
    assert marks.marks == {7: 0, 6: 30}


@pytest.mark.parametrize(
    ("lives", "told"),
    [
        ([(1, 10)], Told.NEWS),
        ([(1, 10), (1, 20), (1, 20)], Told.NEWS),
        ([(1, 10), (2, 20), (3, 5)], Told.NEWS),  # the clock went back: a new epoch says so
        ([(1, 10), (2, 20), (1, 30)], Told.CLONE),
        ([(1, 10), (2, 20), (1, 10)], Told.REPLAYED),
        ([(1, 10), (2, 20), (2, 15)], Told.NEWS),  # late on the way, harmless
    ],
)
def test_a_node_that_goes_back_to_an_epoch_is_a_clone(
    lives: list[tuple[int, int]], told: Told
) -> None:
    """R18: unless the very message was heard before, which is somebody who plays it back."""
    marks = Watermarks()
    *before, (epoch, sent_ms) = lives
    for number, ms in before:
        assert marks.hear([OpenEpoch(number, 1, 1)], ms) is Told.NEWS
    assert marks.hear([OpenEpoch(epoch, 1, 1)], sent_ms) is told
