"""The settings of a command, and its log."""

import argparse
import logging

from hub.settings import HubSettings, load_settings


def settings_of(given: argparse.Namespace) -> HubSettings:
    """SettingsError with file, line and key where they are wrong."""
    settings = load_settings(given.config, role=getattr(given, "role", None))
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return settings
