"""R1, R2: kill -9 in the middle of writing, sorting and sealing."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.hub.timeseries.embedded import hammer

KILLS = 8
ROOT = Path(__file__).parents[4]


def write_until_killed(folder: Path, seconds: float) -> int:
    """The last position that the process was sure of."""
    command = [sys.executable, "-m", "tests.hub.timeseries.embedded.hammer", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        done = (first + process.stdout.read()).split("\n")[:-1]
    return int(done[-1])


def test_after_a_kill_points_and_position_agree(tmp_path: Path) -> None:
    chance = random.Random(4)
    for kill in range(KILLS):
        sure = write_until_killed(tmp_path, chance.uniform(0.0, 0.6))
        engine = hammer.open_engine(tmp_path)
        position = engine.position()
        assert position >= sure, f"kill {kill}"
        series = hammer.SERIES.tolist()
        for start_ms in hammer.STARTS_MS:
            points = engine.read(series, start_ms, start_ms + 3_600_000)
            per_series = points.t_ms.reshape(len(series), -1) - start_ms
            expected = np.arange(1, position + 1)
            np.testing.assert_array_equal(per_series, np.tile(expected, (len(series), 1)))
            np.testing.assert_array_equal(points.value, per_series.ravel())
        engine.close()
