"""`storevitals-hub detect`: the hub's own detectors over a file, causal and in one pass."""

import argparse
import csv
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from hub.detection.recording import LEARN, Outline, Row, judge
from hub.errors import InvalidError, T

HINTS = "AD_HINTS"
DEFAULT_FREQ_S = 60.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", choices=["equipment", "counts"], help=f"default: by {HINTS}")
    parser.add_argument("--in", dest="source", type=Path, required=True, help="the file to read")
    parser.add_argument("--out", dest="target", type=Path, required=True, help="the file to write")


def run(given: argparse.Namespace) -> int:
    """Write one line for each line read."""
    outline = outline_of(os.environ, given.kind)
    try:
        with (
            given.source.open(newline="", encoding="utf-8") as source,
            given.target.open("w", newline="", encoding="utf-8") as target,
        ):
            stamps: list[str] = []
            answer = csv.writer(target, lineterminator="\n")
            answer.writerow(["timestamp", "score", "is_alarm"])
            for found in judge(_rows(csv.reader(source), stamps, given.source), outline):
                answer.writerow([stamps.pop(), f"{found.score:.9f}", int(found.is_alarm)])
    except OSError as error:
        raise _refused(f"{error.filename}", f"{error.strerror}") from error
    sys.stdout.write(f"{given.target}\n")
    return 0


def outline_of(environment: Mapping[str, str], kind: str | None) -> Outline:
    """What AD_HINTS says; the command's own word on the kind goes above it."""
    try:
        hints = json.loads(environment.get(HINTS) or "{}")
        freq_s = float(hints.get("freq_s", DEFAULT_FREQ_S))
        learn = int(hints.get("score_from", LEARN))
    except (ValueError, TypeError, AttributeError) as error:
        raise _refused(HINTS, str(error)) from error
    if not (math.isfinite(freq_s) and freq_s > 0):
        raise _refused(HINTS, f"freq_s = {freq_s}")
    is_counts = kind == "counts" if kind else hints.get("domain") == "traffic"
    return Outline(is_counts, freq_s, learn)


def _rows(lines: Iterator[list[str]], stamps: list[str], path: Path) -> Iterator[Row]:
    """The rows of the file; each one's own stamp as it was written goes to `stamps`."""
    next(lines, None)
    for number, line in enumerate(lines, 2):
        try:
            at = datetime.fromisoformat(line[0])
            values = tuple(float(cell) if cell.strip() else math.nan for cell in line[1:])
        except (ValueError, IndexError) as error:
            raise _refused(f"{path}:{number}", str(error)) from error
        if not values:
            raise _refused(f"{path}:{number}", "no value")
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        stamps.append(line[0])
        yield Row(round(at.timestamp() * 1000), values)


def _refused(where: str, why: str) -> InvalidError:
    return InvalidError(
        T(
            f"{where} 无法读取：{why}。每行应为：时间,数值[,数值…]。",
            f"{where} cannot be read: {why}. A line should be: timestamp,value[,value...].",
        )
    )
