"""A machine against what it was: relations between channels, records of a single one (TSD-05)."""

import copy
from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray

from hub.detection import machines
from hub.detection.machines import CHANNELS, UNUSUAL, Machines

LEARN = 400
STEP_MS = 1000


def pump(rows: int, seed: int = 1) -> NDArray[np.float64]:
    """Four channels of a pump: speed, flow and power follow the load, temperature is slow."""
    noise = np.random.default_rng(seed)
    load = 1.0 + 0.2 * np.sin(np.arange(rows) / 40) + noise.normal(0, 0.05, rows)
    warm = 60 + np.convolve(load, np.ones(50) / 50, "same")
    channels = np.stack([load * 1450, load * 32, load * load * 700, warm], axis=1)
    return channels * (1 + noise.normal(0, 0.01, channels.shape))


def commissioned(channels: int) -> Machines:
    state = Machines.blank(1)
    machines.begin(state, np.array([0]), np.array([channels]), LEARN, STEP_MS / 1000)
    return state


def play(state: Machines, rows: NDArray[np.float64], first: int = 0) -> NDArray[np.float64]:
    vector = np.zeros((1, CHANNELS))
    scores = np.zeros(len(rows))
    for number, row in enumerate(rows):
        vector[0, : len(row)] = row
        scores[number] = machines.step(state, np.array([0]), vector, (first + number) * STEP_MS)[0]
    return scores


def test_an_ordinary_machine_is_not_unusual() -> None:
    scores = play(commissioned(4), pump(3000))
    assert (scores[:LEARN] == 0).all()
    assert scores.max() < UNUSUAL


def test_channels_that_no_longer_go_together_are_noticed() -> None:
    """A half-closed valve: less flow at the same speed."""
    rows = pump(1500)
    rows[1000:, 1] *= 0.6
    scores = play(commissioned(4), rows)
    assert scores[:1000].max() < UNUSUAL
    assert scores[1000:1060].max() > UNUSUAL


def test_a_single_channel_is_known_by_its_records_and_tells_once() -> None:
    noise = np.random.default_rng(2)
    rows = 20 + noise.normal(0, 0.5, (2000, 1))
    rows[1500:] += 9
    scores = play(commissioned(1), rows)
    told = np.flatnonzero(scores > UNUSUAL)
    assert len(told[(told > LEARN) & (told < 1500)]) <= 3
    after = told[told >= 1500]
    assert after[0] <= 1502
    assert len(after) <= 4


def test_what_is_ordinary_goes_on_to_be_learned() -> None:
    """A drift slower than the memory is the season, not a fault."""
    rows = pump(12_000)
    rows[:, 3] += np.arange(12_000) / 12_000 * 0.5
    assert play(commissioned(4), rows)[LEARN:].max() < UNUSUAL


def test_state_is_small_and_a_copy_goes_on_alike() -> None:
    """R22: the state is all there is."""
    state = commissioned(4)
    assert state.bytes_each() <= 16 * 1024
    rows = pump(900)
    play(state, rows[:600])
    other = Machines(**{f.name: getattr(state, f.name).copy() for f in fields(state)})
    np.testing.assert_allclose(
        play(state, rows[600:], 600), play(other, rows[600:], 600), atol=1e-9
    )


def test_machines_are_taken_together_or_apart_with_the_same_result() -> None:
    many = Machines.blank(3)
    which = np.arange(3)
    machines.begin(many, which, np.array([4, 1, 4]), LEARN, STEP_MS / 1000)
    alone = copy.deepcopy(many)
    rows = [pump(700, seed) for seed in range(3)]
    for number in range(700):
        vectors = np.zeros((3, CHANNELS))
        for machine, size in enumerate((4, 1, 4)):
            vectors[machine, :size] = rows[machine][number][:size]
        together = machines.step(many, which, vectors, number * STEP_MS)
        apart = [
            machines.step(alone, np.array([k]), vectors[[k]], number * STEP_MS)[0] for k in which
        ]
        np.testing.assert_allclose(together, apart, atol=1e-9)


def test_the_time_of_day_counts_after_a_whole_day() -> None:
    """A fan that runs at four in the morning is strange, though it ran every noon."""
    minutes = np.arange(6 * 1440)
    hour = minutes % 1440 / 60
    noise = np.random.default_rng(3)
    runs = ((hour > 8) & (hour < 20)).astype(float)
    runs[5 * 1440 + 120 : 5 * 1440 + 360] = 1.0
    rows = np.stack([20 + 3 * runs + noise.normal(0, 0.2, len(runs)), 100 * runs + 5], axis=1)
    state = Machines.blank(1)
    machines.begin(state, np.array([0]), np.array([2]), 4 * 1440, 60)
    assert bool(state.has_days[0])
    vector = np.zeros((1, CHANNELS))
    scores = []
    for number, row in enumerate(rows):
        vector[0, :2] = row
        scores.append(machines.step(state, np.array([0]), vector, number * 60_000)[0])
    assert max(scores[4 * 1440 : 5 * 1440]) < max(scores[5 * 1440 + 120 : 5 * 1440 + 360])


@pytest.mark.parametrize("size", [1, 2, CHANNELS])
def test_a_channel_that_never_moves_does_no_harm(size: int) -> None:
    scores = play(commissioned(size), np.full((600, size), 4.0))
    assert np.isfinite(scores).all()
    assert scores.max() < UNUSUAL
