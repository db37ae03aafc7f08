"""`storevitals-agent outbox`: what waits for the hub; `outbox repair` saves a damaged file."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from agent.cli.options import add_config, add_json, add_language, refuse, say, say_json
from agent.outbox_repair import repair
from agent.outbox_report import OutboxReport, inspect
from agent.outbox_rows import Epoch, OutboxError
from agent.settings import SettingsError, load_settings
from agent.words import Language, T


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
    add_language(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        path = args.file or load_settings(args.config).outbox_path
        if args.action == "repair":
            return _repair(path, is_json=args.json)
        _show(inspect(path), args.lang, is_json=args.json)
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


def _show(report: OutboxReport, language: Language, *, is_json: bool) -> None:
    since = report.oldest_waiting_ms
    oldest = None if since is None else datetime.fromtimestamp(since / 1000, UTC)
    epochs = [
        {
            "epoch": f"{epoch.number:016x}",
            "first": epoch.first,
            "last": epoch.last,
            "acknowledged": epoch.acked,
            "waiting": epoch.waiting,
            "dropped": dropped(epoch),
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
                "rows_dropped": sum(dropped(epoch) for epoch in report.epochs),
                "values_waiting": report.values_waiting,
                "metrics": report.metrics,
                "oldest_waiting_at": oldest.isoformat() if oldest else None,
                "epochs": epochs,
            }
        )
        return
    for text in _words(report, oldest):
        say(text.in_(language))
    for item in epochs:
        line = T(
            "  {epoch}  {first}..{last}  已确认到 {acknowledged}，等待 {waiting}",
            "  {epoch}  {first}..{last}  acknowledged {acknowledged}, waiting {waiting}",
        )
        say(line.in_(language).format(**item))


def _words(report: OutboxReport, oldest: datetime | None) -> Iterator[T]:
    size = report.size_bytes / 1e6
    yield T(
        f"{report.path}：{size:.1f} MB，保存着 {report.rows} 批",
        f"{report.path}: {size:.1f} MB, {report.rows} batches kept",
    )
    if not report.rows_waiting:
        yield T("没有等待发送的数据：中心已全部收到。", "Nothing waits: the hub has everything.")
    else:
        yield T(
            f"等待发送：{report.rows_waiting} 批，{report.values_waiting} 条读数",
            f"waiting for the hub: {report.rows_waiting} batches, {report.values_waiting} readings",
        )
    if oldest:
        at = oldest.isoformat(timespec="seconds")
        yield T(f"其中最早的：{at}", f"oldest of them: {at}")
    if lost := sum(dropped(epoch) for epoch in report.epochs):
        yield T(
            f"缓存已满，最早的 {lost} 批未发送就被清除；中心会显示为缺口。"
            "请恢复网络，或加大 [outbox] max_mb。",
            f"It was full: the {lost} oldest batches went before the hub had them, and the hub "
            "shows a gap. Mend the network, or raise max_mb in [outbox].",
        )


def dropped(epoch: Epoch) -> int:
    """Batches between the last acknowledged and the first that is still there."""
    return max(0, epoch.first - 1 - epoch.acked)
