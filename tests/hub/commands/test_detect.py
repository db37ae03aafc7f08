"""`storevitals-hub detect`: one line out for each line in, no look ahead, exact refusals."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from hub.cli import main
from hub.commands.detect import HINTS, outline_of
from hub.errors import InvalidError


def written(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["timestamp", "value", "v2"], *rows])
    return path


def recording(count: int) -> list[list[str]]:
    """Two channels, a reading a minute; they part company after three quarters."""
    noise = np.random.default_rng(1)
    rows = []
    for number in range(count):
        load = math.sin(number / 30) + noise.normal(0, 0.05)
        flow = load * (-1.0 if number >= count * 3 // 4 else 1.0) + noise.normal(0, 0.02)
        rows.append([f"2026-01-{1 + number // 1440:02} {number // 60 % 24:02}:{number % 60:02}:00"])
        rows[-1] += [f"{load:.6f}", f"{flow:.6f}"]
    return rows


def answer(path: Path) -> list[tuple[str, float, int]]:
    with path.open(newline="") as file:
        head, *lines = list(csv.reader(file))
    assert head == ["timestamp", "score", "is_alarm"]
    return [(stamp, float(score), int(alarm)) for stamp, score, alarm in lines]


def test_a_line_for_each_line_and_nothing_is_seen_before_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HINTS, json.dumps({"freq_s": 60, "domain": "equipment", "score_from": 300}))
    rows = recording(1200)
    whole, part = written(tmp_path / "a.csv", rows), written(tmp_path / "b.csv", rows[:800])
    for source in (whole, part):
        assert main(["detect", "--in", str(source), "--out", f"{source}.out"]) == 0
    found, cut = answer(Path(f"{whole}.out")), answer(Path(f"{part}.out"))
    assert [stamp for stamp, *_ in found] == [row[0] for row in rows]
    assert found[:800] == cut
    assert all(0 <= score <= 1 for _, score, _ in found)
    assert sum(alarm for *_, alarm in found[300:900]) == 0
    assert sum(alarm for *_, alarm in found[920:]) > 100


def test_counts_are_judged_by_the_weeks_before(tmp_path: Path) -> None:
    noise = np.random.default_rng(1)
    rows = []
    for slot in range(15 * 672):
        usual = 60 if 32 <= slot % 96 < 80 else 3
        people = noise.poisson(usual)
        if slot == 14 * 672 + 48:
            people = 200
        stamp = np.datetime64("2026-01-05T00:00:00") + np.timedelta64(15 * slot, "m")
        rows.append([str(stamp), str(people)])
    source, target = written(tmp_path / "a.csv", rows), tmp_path / "g.csv"
    assert outline_of({HINTS: '{"domain": "traffic"}'}, None).is_counts
    hints = pytest.MonkeyPatch()
    hints.setenv(HINTS, json.dumps({"freq_s": 900, "score_from": 13 * 672}))
    with hints.context():
        assert main(["detect", "--kind", "counts", "--in", str(source), "--out", str(target)]) == 0
    hints.undo()
    found = answer(target)
    assert found[14 * 672 + 48][2] == 1
    assert sum(alarm for *_, alarm in found[13 * 672 :]) < 12


def test_a_missing_value_stands_still(tmp_path: Path) -> None:
    rows = recording(500)
    rows[450][2] = ""
    source, target = written(tmp_path / "a.csv", rows), tmp_path / "g.csv"
    assert main(["detect", "--kind", "equipment", "--in", str(source), "--out", str(target)]) == 0
    assert len(answer(target)) == 500


@pytest.mark.parametrize("line", [["yesterday", "1"], ["2026-01-01", "much"], ["2026-01-01"], []])
def test_a_bad_line_is_refused_with_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: list[str]
) -> None:
    source = written(tmp_path / "a.csv", [["2026-01-01 00:00:00", "1"], line])
    assert main(["detect", "--in", str(source), "--out", str(tmp_path / "g.csv")]) == 1
    said = capsys.readouterr().err
    assert f"{source}:3 cannot be read" in said
    assert "timestamp,value" in said


def test_a_file_that_is_not_there_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "none.csv"
    assert main(["detect", "--in", str(source), "--out", str(tmp_path / "g.csv")]) == 1
    assert str(source) in capsys.readouterr().err


@pytest.mark.parametrize("hints", ["{", "[]", '{"freq_s": 0}', '{"score_from": "soon"}'])
def test_hints_that_say_nothing_sensible_are_refused(hints: str) -> None:
    with pytest.raises(InvalidError, match=HINTS):
        outline_of({HINTS: hints}, None)
