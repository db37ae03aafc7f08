"""The options of `storevitals-hub demo`."""

import argparse
import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from hub.demo.processes import DemoError
from hub.demo.run import DemoOptions, run_demo

MOST_STORES = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--stores", type=int, default=1, metavar="N", help="how many stores (default 1)")
    add("--days", type=float, default=14.0, metavar="D", help="days of history (default 14)")
    add("--port", type=int, default=8080, metavar="P", help="the hub's port (default 8080)")
    add("--data-dir", type=Path, default=Path(".demo"), metavar="DIR", help="default .demo")
    add("--seed", type=int, default=1, help="the same seed lives the same days (default 1)")
    add(
        "--drift-after",
        type=_seconds,
        default=120.0,
        metavar="S",
        help="seconds from ready until the freezer begins to drift (default 120), or 'never'",
    )


def run(args: argparse.Namespace) -> int:
    try:
        options = _options(args)
        with suppress(asyncio.CancelledError):  # Ctrl-C or SIGTERM: a wish, not a failure
            asyncio.run(run_demo(options))
    except DemoError as error:
        sys.stderr.write(f"storevitals-hub demo: {error}\n")
        return 1
    return 0


def _options(args: argparse.Namespace) -> DemoOptions:
    if not 1 <= args.stores <= MOST_STORES:
        raise DemoError(f"--stores is {args.stores}: give 1 to {MOST_STORES}.")
    if not 0 < args.days <= 100:
        raise DemoError(f"--days is {args.days:g}: give more than 0, at most 100.")
    if not 1 <= args.port <= 65_535:
        raise DemoError(f"--port is {args.port}: give 1 to 65535.")
    return DemoOptions(
        stores=args.stores,
        days=args.days,
        port=args.port,
        data_dir=args.data_dir,
        seed=args.seed,
        drift_after_s=args.drift_after,
    )


def _seconds(text: str) -> float | None:
    if text == "never":
        return None
    seconds = float(text)
    if not 0 <= seconds < 1e9:
        raise ValueError(text)
    return seconds
