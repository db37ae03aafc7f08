"""`storevitals-hub serve`: the hub, or a worker beside it."""

import argparse
import asyncio

from hub.commands.configured import settings_of
from hub.errors import StartError
from hub.loading import loaded
from hub.settings import Role


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", choices=["all", "web", "ingest"], help="default: all")


def run(given: argparse.Namespace) -> int:
    """The settings are judged before the hub is loaded, which takes a second or two."""
    settings = settings_of(given)
    if not settings.mqtt_url:
        raise StartError(
            "The hub has no broker: HUB_MQTT_URL is not set. Set it to mqtts://host:8883, "
            "or try the product with: storevitals-hub demo"
        )
    if settings.role is Role.INGEST:
        asyncio.run(loaded("hub.worker").serve_worker(settings))
    else:
        asyncio.run(loaded("hub.app").serve(settings))
    return 0
