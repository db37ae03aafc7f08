"""What setup writes, as texts: settings of the hub, and the shipped files of broker and proxy."""

import json
from dataclasses import dataclass
from pathlib import Path

from hub.commands.setup.machine import Owner, Wanted
from hub.ingest.broker import first_state

SHIPPED = Path(__file__).resolve().parents[3] / "deploy"
USER = "storevitals"
CONFIG = Path("/etc/storevitals/hub.toml")
DATA = Path("/var/lib/storevitals")
TLS = Path("/etc/storevitals/tls")
BROKER_CERTS = Path("/etc/mosquitto/certs")
BROKER_STATE = Path("/var/lib/mosquitto")
UNITS = Path("/etc/systemd/system")
BROKER_PORT = 8883
HANDED_TO_BROKER = ("ca.pem", "server.pem", "crl.pem")
SERVICES = (
    "storevitals-hub.service",
    "storevitals-certificates.service",
    "storevitals-certificates.path",
    "storevitals-backup.service",
    "storevitals-backup.timer",
)
_BROKER, _HUB = Owner("mosquitto", "mosquitto"), Owner("root", USER)
_SETTINGS = """\
# The hub's settings, written by `storevitals-hub setup`; yours to change from now on.
# After a change: sudo storevitals-hub setup && sudo systemctl restart storevitals-hub
data_dir = "{data}"
public_url = "https://{name}"          # as people type it
proxy_address = "127.0.0.1"            # nginx, whose word on addresses is believed
agents_url = "mqtts://{name}:{port}"   # as agents reach the broker
mqtt_url = "mqtts://127.0.0.1:{port}"  # as the hub reaches it
certificate_hosts = "{also}"  # further names and addresses of this machine, by comma
# backup_to = "/mnt/usb, /mnt/nas"     # folders of the nightly backup; the second one elsewhere
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How the machine is reached: the name that people type, and further names and addresses."""

    name: str
    also: tuple[str, ...] = ()


def settings_file(place: Place) -> Wanted:
    also = ", ".join(place.also)
    text = _SETTINGS.format(data=DATA, name=place.name, port=BROKER_PORT, also=also)
    return Wanted(CONFIG, text.encode(), 0o640, _HUB, is_theirs=True)


def broker_files(plugin: Path) -> list[Wanted]:
    """The broker's configuration, and its first rights; from then on it keeps them itself."""
    text = (SHIPPED / "mosquitto" / "storevitals.conf").read_text("utf-8")
    values = {"pki": BROKER_CERTS, "state": BROKER_STATE, "plugin": plugin, "port": BROKER_PORT}
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", str(value))
    rights = json.dumps(first_state(), indent=2).encode()
    state = BROKER_STATE / "dynamic-security.json"
    return [
        Wanted(Path("/etc/mosquitto/mosquitto.conf"), text.encode(), is_packages=True),
        Wanted(state, rights, 0o600, _BROKER, is_theirs=True),
    ]


def proxy_file(hub_port: int) -> Wanted:
    text = (SHIPPED / "nginx" / "nginx.conf").read_text("utf-8")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{hub_port}")
    return Wanted(Path("/etc/nginx/nginx.conf"), text.encode(), is_packages=True)


def service_files() -> list[Wanted]:
    return [Wanted(UNITS / name, (SHIPPED / "systemd" / name).read_bytes()) for name in SERVICES]


def certificates(pki: Path) -> list[Wanted]:
    """The copies that broker and proxy read: the hub's own belong to the hub alone."""
    found = [
        Wanted(BROKER_CERTS / name, (pki / name).read_bytes(), 0o600, _BROKER)
        for name in HANDED_TO_BROKER
    ]
    return [*found, Wanted(TLS / "server.pem", (pki / "server.pem").read_bytes(), 0o600)]
