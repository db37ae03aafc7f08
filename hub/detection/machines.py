"""Machines as a whole: do the channels of a machine still go together as they did? (TSD-05)

A machine is looked at once a step: a vector of its channels, smoothed. While it is commissioned,
the mean and the covariance of the vectors are learned; then Hotelling's T² says how far a vector
lies from what the machine was, in units of the farthest it went while it was learned. What is
ordinary goes on to be learned, slowly. A machine of one channel has no such relations; there a
new record of the level says the same, and holds off for a while, so that one fault is one record.

State is arrays by machine, at most 16 KB each; all machines that are due are taken at once.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

CHANNELS = 16
WIDTH = CHANNELS + 2  # and the time of day, as a point on a circle
KEPT = 96  # vectors of the commissioning that say how far is usual
SMOOTH = 10.0  # steps
SCORE_SMOOTH = 5.0
DIAGONAL = 0.05  # of its own variance is added to each channel's, against chance relations
FLOOR = 1e-3
CLIP = 10.0  # standard deviations
ORDINARY = 1.5  # scores up to here go on to be learned
REFRESH = 4.0  # times the commissioning is how long is remembered
UNUSUAL = 3.0  # the score that is worth a word
NEVER = -1

SHORTS = (1.0, 5.0, 20.0, 60.0)  # steps of the levels whose records are kept
LONG = 800.0
RECORD_KEEP = 0.5 ** (1 / 8000)  # of a record remains after a step
WARM = 30  # steps before a record counts
HOLD_OFF = 0.25  # of the commissioning, after a record
HOLD_BREAK = 3.0  # a record that beats the last by this comes through

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(slots=True)
class Machines:
    """State of all machines; the first axis is the machine."""

    learn: NDArray[np.int32]  # steps of the commissioning
    size: NDArray[np.int32]  # channels
    has_days: NDArray[np.bool_]  # commissioned over whole days: the time of day counts
    seen: NDArray[np.int32]  # steps so far
    level: Floats  # smoothed vector
    raw_mean: Floats
    raw_square: Floats
    mean: Floats  # of the smoothed vectors
    spread: Floats  # standard deviation of the channels, the unit of each
    product: Floats  # covariance of the smoothed vectors, in these units once commissioned
    inverse: Floats
    kept: NDArray[np.float32]
    unit: Floats  # T of the farthest usual vector
    score: Floats
    slow: Floats  # of one channel: the long level, the short ones and their records
    shorts: Floats
    peaks: Floats
    usual: Floats
    quiet_until: NDArray[np.int32]
    last_record: Floats

    @classmethod
    def blank(cls, count: int) -> Self:
        """Machines that were never seen; `learn` and `size` are to be set."""

        def zeros(*shape: int) -> Floats:
            return np.zeros((count, *shape))

        whole = np.zeros(count, np.int32)
        return cls(
            learn=whole.copy(),
            size=whole.copy(),
            has_days=np.zeros(count, np.bool_),
            seen=whole.copy(),
            level=zeros(WIDTH),
            raw_mean=zeros(WIDTH),
            raw_square=zeros(WIDTH),
            mean=zeros(WIDTH),
            spread=zeros(WIDTH),
            product=zeros(WIDTH, WIDTH),
            inverse=zeros(WIDTH, WIDTH),
            kept=np.zeros((count, KEPT, WIDTH), np.float32),
            unit=zeros(),
            score=zeros(),
            slow=zeros(),
            shorts=zeros(len(SHORTS)),
            peaks=zeros(len(SHORTS)),
            usual=zeros(len(SHORTS)),
            quiet_until=whole.copy(),
            last_record=zeros(),
        )

    def __len__(self) -> int:
        return len(self.seen)

    def grow(self, count: int) -> None:
        """Make room for more machines."""
        more = count - len(self)
        if more > 0:
            new = Machines.blank(more)
            for field in fields(self):
                both = getattr(self, field.name), getattr(new, field.name)
                setattr(self, field.name, np.concatenate(both))

    def bytes_each(self) -> int:
        """Size of one machine's state."""
        one = Machines.blank(1)
        return sum(getattr(one, field.name).nbytes for field in fields(self))


def begin(machines: Machines, which: Indices, size: Indices, learn: int, step_s: float) -> None:
    """Commission machines of so many channels over `learn` steps of `step_s`."""
    machines.size[which], machines.learn[which] = size, max(learn, 3)
    machines.has_days[which] = learn * step_s >= 0.99 * 86_400
    for name in ("seen", "score", "mean", "raw_mean", "raw_square", "product", "unit"):
        getattr(machines, name)[which] = 0


def step(machines: Machines, which: Indices, values: Floats, t_ms: int) -> Floats:
    """Take one vector (machines, CHANNELS) of each of these machines; their scores, 1 = as far as
    ever while it was learned, 0 during the commissioning."""
    day = 2 * np.pi * (t_ms % 86_400_000) / 86_400_000
    vector = np.zeros((len(which), WIDTH))
    vector[:, :CHANNELS] = values
    vector[:, CHANNELS:] = np.where(
        machines.has_days[which][:, None], (np.sin(day), np.cos(day)), 0.0
    )
    machines.seen[which] += 1
    scores = np.zeros(len(which))
    is_single = machines.size[which] == 1
    if is_single.any():
        scores[is_single] = _record(machines, which[is_single], vector[is_single, 0])
    many = np.flatnonzero(~is_single)
    if len(many):
        scores[many] = _compare(machines, which[many], vector[many])
    return scores


def _compare(machines: Machines, which: Indices, vector: Floats) -> Floats:
    seen, learn = machines.seen[which], machines.learn[which]
    is_ready = seen > learn
    bound = CLIP * machines.spread[which]
    mean = machines.raw_mean[which]
    clipped = np.where(is_ready[:, None], np.clip(vector, mean - bound, mean + bound), vector)
    level = machines.level[which]
    level = np.where((seen == 1)[:, None], clipped, level + (clipped - level) / SMOOTH)
    machines.level[which] = level
    young = np.flatnonzero(~is_ready)
    if len(young):
        _commission(machines, which[young], vector[young])
    scores = np.zeros(len(which))
    old = np.flatnonzero(is_ready)
    if len(old):
        scores[old] = _judge(machines, which[old])
    return scores


def _commission(machines: Machines, which: Indices, vector: Floats) -> None:
    """Running mean and spread of the channels, and mean and covariance of the smoothed ones."""
    seen, learn = machines.seen[which], machines.learn[which]
    count = seen[:, None].astype(np.float64)
    before = machines.raw_mean[which]
    after = before + (vector - before) / count
    machines.raw_mean[which] = after
    machines.raw_square[which] += (vector - before) * (vector - after)
    start = np.minimum(2 * int(SMOOTH), learn // 4)
    warm = np.flatnonzero(seen > start)
    rows, nth = which[warm], (seen - start)[warm]
    off = machines.level[rows] - machines.mean[rows]
    machines.mean[rows] += off / nth[:, None]
    now_off = machines.level[rows] - machines.mean[rows]
    machines.product[rows] += off[:, :, None] * now_off[:, None, :]
    every = np.maximum((learn - start)[warm] // KEPT, 1)
    cell = (nth - 1) // every
    is_kept = ((nth - 1) % every == 0) & (cell < KEPT)
    machines.kept[rows[is_kept], cell[is_kept]] = machines.level[rows[is_kept]]
    for row in which[seen == learn]:
        _finish(machines, int(row))


def _finish(machines: Machines, row: int) -> None:
    """The commissioning ends: units, inverse, and how far is usual."""
    learn = int(machines.learn[row])
    start = min(2 * int(SMOOTH), learn // 4)
    mean = np.abs(machines.raw_mean[row])
    spread = np.sqrt(machines.raw_square[row] / learn) + 1e-6 * (mean + 1e-3)
    machines.spread[row] = spread
    machines.product[row] /= max(learn - start - 1, 1)
    machines.product[row] /= spread[:, None] * spread[None, :]
    _invert(machines, np.array([row]))
    count = min(KEPT, learn - start)
    off = (machines.kept[row, :count] - machines.mean[row]) / spread
    far = np.sqrt(np.einsum("ij,jk,ik->i", off, machines.inverse[row], off))
    machines.unit[row] = max(float(np.quantile(far, 0.99)), 1e-9)


def _invert(machines: Machines, which: Indices) -> None:
    for row in which:
        covariance = machines.product[row]
        ridge = DIAGONAL * np.diag(covariance) + FLOOR
        machines.inverse[row] = np.linalg.inv(covariance + np.diag(ridge))


def _judge(machines: Machines, which: Indices) -> Floats:
    off = (machines.level[which] - machines.mean[which]) / machines.spread[which]
    far = np.sqrt(np.einsum("ij,ijk,ik->i", off, machines.inverse[which], off))
    raw = far / machines.unit[which]
    before = machines.score[which]
    scores: Floats = before + (raw - before) / SCORE_SMOOTH
    machines.score[which] = scores
    calm = np.flatnonzero(scores < ORDINARY)
    _refresh(machines, which[calm], off[calm])
    return scores


def _refresh(machines: Machines, which: Indices, off: Floats) -> None:
    """What is ordinary today belongs to what is usual."""
    weight = 1.0 / (REFRESH * machines.learn[which])
    machines.mean[which] += weight[:, None] * off * machines.spread[which]
    joint = off[:, :, None] * off[:, None, :]
    machines.product[which] += weight[:, None, None] * (joint - machines.product[which])
    every = np.maximum(machines.learn[which] // 8, 1)
    _invert(machines, which[machines.seen[which] % every == 0])


def _record(machines: Machines, which: Indices, value: Floats) -> Floats:
    """Records of how far the levels have gone from the long one."""
    seen = machines.seen[which]
    first = seen == 1
    slow = np.where(first, value, machines.slow[which])
    shorts = np.where(first[:, None], value[:, None], machines.shorts[which])
    weight = np.maximum(1.0 / seen[:, None], 1.0 / np.array(SHORTS))
    shorts += weight * (value[:, None] - shorts)
    far = np.abs(shorts - slow[:, None])
    peaks, usual = machines.peaks[which], machines.usual[which]
    ratio = np.where((seen > WARM)[:, None], far / np.maximum(peaks, 1e-9), 0.0).max(axis=1)
    usual += (far - usual) / np.minimum(seen, 1 / (1 - RECORD_KEEP))[:, None]
    machines.usual[which] = usual
    faded = peaks * RECORD_KEEP + (1 - RECORD_KEEP) * 3.0 * usual
    machines.peaks[which] = np.maximum(faded, far)
    machines.shorts[which] = shorts
    machines.slow[which] = slow + np.maximum(1.0 / seen, 1.0 / LONG) * (value - slow)
    return _hold_off(machines, which, ratio)


def _hold_off(machines: Machines, which: Indices, ratio: Floats) -> Floats:
    """One fault is one record: what follows at once says no more than the one before."""
    seen, learn = machines.seen[which], machines.learn[which]
    is_new = seen > machines.quiet_until[which]
    is_new |= ratio > HOLD_BREAK * machines.last_record[which]
    comes = (ratio > 1.0) & is_new
    rows = which[comes]
    machines.quiet_until[rows] = seen[comes] + (HOLD_OFF * learn[comes]).astype(np.int32)
    machines.last_record[rows] = ratio[comes]
    scores: Floats = np.where(comes, 2.0 + ratio, np.minimum(ratio, 1.0))
    machines.score[which] = scores
    return scores
