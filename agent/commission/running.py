"""Is the agent at work? Then the buses are its own, and nobody else asks on them."""

import os
from contextlib import suppress
from pathlib import Path

from agent.outbox_rows import OutboxError, lock_file
from agent.settings import AgentSettings, SettingsError, load_settings
from agent.settings_devices import CodeReaderDevice, RtuBus, ScaleDevice, TillDevice


def is_running(outbox: Path) -> bool:
    """An agent holds the lock of its outbox."""
    if not Path(f"{outbox}.lock").exists():
        return False
    try:
        os.close(lock_file(outbox))
    except OutboxError:
        return True
    return False


def ports_in_use(config: Path) -> frozenset[Path]:
    """Serial ports that a running agent of this configuration owns, links followed."""
    with suppress(SettingsError):
        settings = load_settings(config)
        if is_running(settings.outbox_path):
            return serial_ports(settings)
    return frozenset()


def serial_ports(settings: AgentSettings) -> frozenset[Path]:
    buses = [bus.port for bus in settings.bus if isinstance(bus, RtuBus)]
    own = (TillDevice, ScaleDevice, CodeReaderDevice)
    devices = [device.port for device in settings.device if isinstance(device, own)]
    return frozenset(Path(port).resolve() for port in (*buses, *devices))
