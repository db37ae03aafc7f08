"""What commands on this machine may ask of the running hub (`hub.control`)."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hub.control import Answer, Handler
from hub.web.services import Services


def local_commands(services: Services) -> dict[str, Handler]:
    """By the word that a command says."""

    def snapshot(request: Mapping[str, Any]) -> Answer:
        services.timeseries.snapshot(Path(request["folder"]))
        return {}

    def state(_request: Mapping[str, Any]) -> Answer:
        return {
            "version": version("storevitals"),
            "troubles": {name: _trouble(check) for name, check in services.checks.items()},
            "numbers": dict(services.numbers()),
        }

    return {"snapshot": snapshot, "state": state}


def _trouble(check: Any) -> str:
    """Empty when the part is well."""
    try:
        check()
    except Exception as error:  # noqa: BLE001 boundary: whatever it is, it is what `doctor` tells
        return str(error) or repr(error)
    return ""
