"""The parts that give agents their identity: authority, enrolment, keeper of the broker."""

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from hub.errors import BusyError, T
from hub.ingest.broker import HOST, KEEPER, WORKER, BrokerKeeper, first_state
from hub.ingest.enrolment import Enrolment
from hub.ingest.registry import Registry
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.security.passwords import Passwords
from hub.security.pki import Authority, ends_at
from hub.settings import HubSettings, Role
from protocols.mqtt.options import MqttOptions

log = logging.getLogger(__name__)

SERVER = "server"
FIRST_STATE = "dynamic-security.json"  # for a new broker; from then on it keeps its own
CARE_EVERY_S = 24 * 3600.0
END_IS_NEAR = timedelta(days=20)  # ten days after it should have been renewed
_ENDS = T(
    "证书 {name}.pem 到 {day} 为止，没有自动续期：请看日志和磁盘空间。",
    "The certificate {name}.pem ends on {day} and was not renewed: see the log and the disk.",
)


@dataclass(frozen=True)
class IdentityParts:
    """There where the hub has an authority of its own, that is with `agents_url`."""

    enrolment: Enrolment
    keeper: BrokerKeeper
    settings: HubSettings

    def demand_valid(self) -> None:
        """The health check: BusyError while a certificate of ours is about to end."""
        folder, soon = self.enrolment.authority.folder, utc_now() + END_IS_NEAR
        for name in (SERVER, HOST, KEEPER):
            end = ends_at(folder / f"{name}.pem")
            if end < soon:
                raise BusyError(_ENDS.format(name=name, day=end.date()))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.keeper.run(), name="keeper")
            tasks.create_task(self._care(), name="certificates")

    async def _care(self) -> None:
        """The hub's own certificates are renewed in time; systemd reloads who uses them."""
        while True:
            await asyncio.sleep(CARE_EVERY_S)
            await asyncio.to_thread(self._renew)

    def _renew(self) -> None:
        try:
            renew_own(self.enrolment.authority, self.settings)
            self.enrolment.write_revoked()
        except OSError as error:  # a full disk: tomorrow again, there is a month left
            log.error("The hub's certificates could not be renewed: %s", error)


def open_identity(
    settings: HubSettings, db: Database, registry: Registry, passwords: Passwords
) -> IdentityParts | None:
    if not settings.agents_url:
        return None
    authority = open_authority(settings)
    enrolment = Enrolment(db, registry, passwords, authority, settings.agents_url)
    enrolment.write_revoked()
    keeper = BrokerKeeper(_own_options(settings, KEEPER), enrolment.speakers)
    enrolment.on_change = keeper.nudge
    return IdentityParts(enrolment, keeper, settings)


def open_authority(settings: HubSettings) -> Authority:
    """The authority with the hub's own certificates; made at the first time."""
    authority = Authority.open(settings.authority_dir)
    first = authority.folder / FIRST_STATE
    if not first.exists():
        first.write_text(json.dumps(first_state(), indent=2), "utf-8")
    renew_own(authority, settings)
    return authority


def renew_own(authority: Authority, settings: HubSettings) -> None:
    """Certificates of the hub's two clients, and of the broker and the web."""
    for name in (KEEPER, HOST, WORKER):
        authority.issue(name)
    urls = (settings.agents_url, settings.public_url, settings.mqtt_url)
    hosts = [host for url in urls if (host := urlsplit(url).hostname)]
    hosts += [host for one in settings.certificate_hosts.split(",") if (host := one.strip())]
    authority.issue(SERVER, dict.fromkeys(hosts))


def host_options(settings: HubSettings) -> MqttOptions:
    """How ingest reaches the broker: as the settings say, or by the hub's own certificate."""
    if settings.agents_url and settings.mqtt_cert_file is None:
        return _own_options(settings, WORKER if settings.role is Role.INGEST else HOST)
    return MqttOptions(
        url=settings.mqtt_url,
        client_id=HOST,
        username=settings.mqtt_username or None,
        password=settings.mqtt_password.get_secret_value() or None,
        ca_file=settings.mqtt_ca_file,
        cert_file=settings.mqtt_cert_file,
        key_file=settings.mqtt_key_file,
    )


def _own_options(settings: HubSettings, name: str) -> MqttOptions:
    folder = settings.authority_dir
    pem = folder / f"{name}.pem"
    return MqttOptions(
        url=settings.mqtt_url,
        client_id=name,
        ca_file=settings.mqtt_ca_file or folder / "root.crt",
        cert_file=pem,
        key_file=pem,
    )
