"""`storevitals-agent report`: the self-test report for the store's folder and the hub's archive."""

import argparse
import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from agent.app import mqtt_options
from agent.cli.options import add_config, add_json, add_language, refuse, say
from agent.commission import examine
from agent.commission.diagnose import diagnose
from agent.commission.findings import Finding
from agent.commission.live import device_findings
from agent.commission.report import Report, page, text
from agent.commission.running import is_running
from agent.devices import build_devices
from agent.machine import Machine
from agent.remote import trial
from agent.remote.desk import REPORTS
from agent.settings import AgentSettings, SettingsError, load_settings
from agent.words import T


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "report",
        help="self-test report: a page to print or save as PDF, and JSON",
        description="Tests machine, hub and every device and writes the result as a page that any "
        "browser prints on A4 or saves as PDF, and as JSON beside it. While the agent runs, its "
        "own state of the devices is taken.",
    )
    parser.add_argument("--out", type=Path, default=Path(), help="folder (default: here)")
    add_config(parser)
    add_json(parser)
    add_language(parser)
    parser.set_defaults(run=run)


def make_report(config: Path, settings: AgentSettings) -> Report:
    findings = asyncio.run(_findings(config, settings))
    return Report(settings, tuple(findings), datetime.now(UTC))


def run(args: argparse.Namespace) -> int:
    try:
        settings = load_settings(args.config)
        report = make_report(args.config, settings)
        if args.json:
            say(text(report))
        else:
            _write(args, report)
    except SettingsError as error:
        return refuse("report", error)
    except OSError as error:
        return refuse("report", f"{args.out}: cannot be written ({error.strerror}).")
    return 0 if report.is_passed else 1


async def _findings(config: Path, settings: AgentSettings) -> list[Finding]:
    machine = await diagnose(config, Machine())
    if is_running(settings.outbox_path):
        return [*device_findings(settings), examine.outbox(settings), *machine]
    devices = build_devices(settings, folder=config.parent)
    mqtt_options(settings)
    return [*await examine.devices(devices), examine.outbox(settings), *machine]


def _send(report: Report, name: str) -> None:
    """Into the hub's archive, by the running agent or by the next one."""
    folder = report.settings.agent.data_dir / trial.FOLDER / REPORTS
    path, owner = folder / f"{name}.json", report.settings.agent.data_dir.stat()
    try:
        trial.replace(path, text(report).encode())
        for made in (folder.parent, folder, path):  # of root, for the service
            os.chown(made, owner.st_uid, owner.st_gid)
    except OSError as error:  # the folder is the service's own: sudo writes it
        say(f"The report is not sent to the hub: {folder}: {error.strerror}; run it with sudo.")


def _write(args: argparse.Namespace, report: Report) -> None:
    stamp = report.at.strftime("%Y%m%d-%H%M")
    stem = args.out / f"self-test-{report.settings.agent.id}-{stamp}"
    _send(report, stem.name)
    args.out.mkdir(parents=True, exist_ok=True)
    html, data = stem.with_name(stem.name + ".html"), stem.with_name(stem.name + ".json")
    html.write_text(page(report, args.lang), "utf-8")
    data.write_text(text(report), "utf-8")
    verdict = T("全部正常", "all is well") if report.is_passed else T("有问题", "something to mend")
    say(
        T(
            f"{verdict.zh}：已写入 {html}（用浏览器打开即可打印或另存为 PDF）和 {data}",
            f"{verdict.en}: wrote {html} (open it in a browser to print it or save it as PDF) "
            f"and {data}",
        ).in_(args.lang)
    )
