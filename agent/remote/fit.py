"""`python -m agent.remote.fit CONFIG LOCAL`: whether this software can use that configuration.

The software in use asks it of the one that is to replace it: so these words never change.
"""

import sys
from pathlib import Path

from agent.app import mqtt_options
from agent.devices import build_devices
from agent.settings import SettingsError, load_settings
from agent.version import VERSION


def main(config: Path, local: Path) -> int:
    try:
        settings = load_settings(config)
        build_devices(settings, folder=local.parent)
        mqtt_options(settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{VERSION}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
