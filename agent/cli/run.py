"""`storevitals-agent run`: read the devices, keep the readings, send them."""

import argparse
import asyncio
import logging
import os
from pathlib import Path

from agent.app import run_agent
from agent.cli.options import add_config, refuse
from agent.outbox_rows import OutboxError
from agent.remote.desk import RestartError, Site
from agent.remote.trial import RESTART
from agent.settings import SettingsError, load_settings
from agent.systemd import Notifier
from protocols.mqtt.options import MqttOptionsError

log = logging.getLogger(__name__)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "run",
        help="read the devices, keep the readings, send them to the hub",
        description="Runs until SIGTERM or Ctrl-C; what was read is on disk before it ends.",
    )
    add_config(parser)
    parser.add_argument("--local-config", type=Path, help=argparse.SUPPRESS)  # of the launcher
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        settings = load_settings(args.config)
        logging.getLogger().setLevel(settings.agent.log_level)
        notifier = Notifier.from_environment(os.environ)
        site = Site(args.config, args.local_config or args.config)
        asyncio.run(run_agent(settings, notifier, site))
    except (SettingsError, MqttOptionsError, OutboxError) as error:
        return refuse("run", error)
    except ExceptionGroup as group:
        wishes, others = group.split(RestartError)
        return RESTART if wishes and not others else _explain(group)
    return 0


def _explain(group: ExceptionGroup) -> int:
    """Errors that say what to do are told; anything else is a bug and shows where it is."""
    known, unknown = group.split((SettingsError, MqttOptionsError, OutboxError))
    for error in _leaves(known):
        refuse("run", error)
    if unknown is not None:
        log.critical("The agent ends by an unexpected error.", exc_info=unknown)
    return 1


def _leaves(group: ExceptionGroup | None) -> list[Exception]:
    if group is None:
        return []
    found: list[Exception] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, ExceptionGroup) else [error]
    return found
