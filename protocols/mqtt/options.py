"""Where and how to reach an MQTT broker, checked before the first packet leaves; pure."""

import random
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883, "wss": 443}


class MqttOptionsError(ValueError):
    """The options cannot work or would not be safe; the message says what to change."""


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """`url` is `mqtts://host[:port]`, `wss://host[:port][/path]`, or `mqtt://` to this machine.

    Without `ca_file` the system's authorities are trusted. `client_id` is what the broker knows
    the session by: two clients of one id throw each other out.
    """

    url: str
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    keep_alive_s: int = 30
    connect_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if self.scheme not in _PORTS or not self.host:
            raise MqttOptionsError(
                f"{self.url!r} is no broker address: write mqtts://host[:port] or wss://host[:port]."
            )
        if self.scheme == "mqtt" and not is_loopback(self.host):
            raise MqttOptionsError(
                f"{self.url} would send readings and passwords in the clear: use mqtts:// or "
                "wss:// (mqtt:// is for a broker on this machine only)."
            )
        if (self.cert_file is None) != (self.key_file is None):
            raise MqttOptionsError("cert_file and key_file belong together: give both or neither.")
        for path in (self.ca_file, self.cert_file, self.key_file):
            if path is not None and not path.is_file():
                raise MqttOptionsError(f"{path} does not exist or is no file.")

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or _PORTS[self.scheme]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/mqtt"

    @property
    def is_encrypted(self) -> bool:
        return self.scheme != "mqtt"

    def __str__(self) -> str:
        """Never with a password, so it may stand in a log."""
        return f"{self.scheme}://{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """True for this machine only; a name other than `localhost` may resolve to anything."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(slots=True)
class BackOff:
    """Waiting times that double from `first_s` to `most_s`, each shortened by up to a half.

    The jitter keeps a thousand stores from coming back in the same second; the limit is low enough
    that readings flow within 10 s of the broker's return.
    """

    first_s: float = 0.4
    most_s: float = 8.0
    rng: random.Random = field(default_factory=random.Random)
    _next_s: float = 0.0

    def wait_s(self) -> float:
        self._next_s = min(self._next_s * 2, self.most_s) if self._next_s else self.first_s
        return self._next_s * self.rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._next_s = 0.0
