"""`storevitals-agent outbox`: what waits for the hub; `outbox repair` saves a damaged file."""

import argparse
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from agent.cli.options import add_config, add_json, refuse, say, say_json
from agent.outbox_repair import repair
from agent.outbox_report import OutboxReport, inspect
from agent.outbox_rows import OutboxError
from agent.settings import SettingsError, load_settings


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "outbox",
        help="what waits for the hub; repair a damaged file",
        description="Shows what the outbox holds, also while the agent runs. `repair` saves what "
        "can be read of a damaged one; the agent must not run then.",
    )
    parser.add_argument("action", nargs="?", choices=("show", "repair"), default="show")
    parser.add_argument("--file", type=Path, help="the outbox (default: as in --config)")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        path = args.file or load_settings(args.config).outbox_path
        if args.action == "repair":
            return _repair(path, is_json=args.json)
        _show(inspect(path), is_json=args.json)
    except (SettingsError, OutboxError) as error:
        return refuse("outbox", error)
    return 0


def _repair(path: Path, *, is_json: bool) -> int:
    result = repair(path)
    if is_json:
        say_json(asdict(result) | {"kept_as": str(result.kept_as) if result.kept_as else None})
    elif result.kept_as is None:
        say(f"{path} is sound: nothing was changed.")
    else:
        say(
            f"{path}: {result.saved} batches were saved, {result.lost} are lost. "
            f"The damaged file is kept as {result.kept_as}."
        )
    return 0


def _show(report: OutboxReport, *, is_json: bool) -> None:
    since = report.oldest_waiting_ms
    oldest = None if since is None else datetime.fromtimestamp(since / 1000, UTC)
    epochs = [
        {
            "epoch": f"{epoch.number:016x}",
            "first": epoch.first,
            "last": epoch.last,
            "acknowledged": epoch.acked,
            "waiting": epoch.waiting,
        }
        for epoch in report.epochs
    ]
    if is_json:
        say_json(
            {
                "path": str(report.path),
                "size_bytes": report.size_bytes,
                "rows": report.rows,
                "rows_waiting": report.rows_waiting,
                "values_waiting": report.values_waiting,
                "metrics": report.metrics,
                "oldest_waiting_at": oldest.isoformat() if oldest else None,
                "epochs": epochs,
            }
        )
        return
    say(f"{report.path}: {report.size_bytes / 1e6:.1f} MB, {report.rows} batches kept")
    say(f"waiting for the hub: {report.rows_waiting} batches, {report.values_waiting} readings")
    if oldest:
        say(f"oldest of them: {oldest.isoformat(timespec='seconds')}")
    for item in epochs:
        say("  {epoch}  {first}..{last}  acknowledged {acknowledged}".format(**item))
