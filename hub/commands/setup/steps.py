"""The steps of setup in their order; each looks first, so that a second run changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.archive.chains.service import has_people, invite_admin
from hub.commands.setup import files
from hub.commands.setup.machine import Did, Machine, MachineError, Owner
from hub.errors import T
from hub.identity import open_authority
from hub.kit.migrate import upgrade
from hub.settings import HubSettings, load_settings
from hub.tables import database_at

PROGRAMS = {"mosquitto": "mosquitto", "nginx": "nginx"}
_ROOT = "Run it with sudo: it makes a user, services and their configuration."
_NO_URLS = (
    "{file} was there already and names no {key}. Write it there (see docs/operators/setup.md), "
    "then run this again."
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what was done."""

    did: Did
    what: T


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    place: files.Place
    chain: str
    admin: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What people need from now on; `link` is empty when there are people already."""

    url: str
    fingerprint: str
    link: str


def demand(machine: Machine) -> Path:
    """The plug-in of the broker; MachineError names everything that is missing at once."""
    if not machine.is_root:
        raise MachineError(_ROOT)
    missing = [package for program, package in PROGRAMS.items() if not machine.find(program)]
    plugin = machine.plugin()
    if plugin is None and "mosquitto" not in missing:
        missing.append("mosquitto")
    if missing or plugin is None:
        names = " ".join(missing)
        raise MachineError(f"{names} is missing: sudo apt-get install {names}")
    return plugin


def prepare(machine: Machine, place: files.Place) -> Iterator[Told]:
    """User, folders and settings."""
    did = machine.user(files.USER, files.DATA)
    yield Told(did, T(f"系统用户 {files.USER}", f"system user {files.USER}"))
    own, shared = Owner(files.USER, files.USER), Owner("root", files.USER)
    # Set-group-id: what root writes there, the service may read.
    machine.folder(files.CONFIG.parent, 0o2750, shared)
    machine.folder(files.TLS, 0o700, Owner())
    did = machine.folder(files.DATA, 0o750, own)
    yield Told(did, T(f"数据目录 {files.DATA}", f"data directory {files.DATA}"))
    did = machine.put(files.settings_file(place))
    yield Told(did, T(f"设置 {files.CONFIG}", f"settings {files.CONFIG}"))


def read_settings(file: Path = files.CONFIG) -> HubSettings:
    """The settings that stand there, whoever wrote them; MachineError when TLS is not in them."""
    settings = load_settings(file)
    for key in ("public_url", "agents_url", "mqtt_url"):
        if not getattr(settings, key):
            raise MachineError(_NO_URLS.format(file=file, key=key))
    return settings


def found(machine: Machine, settings: HubSettings, wish: Wish) -> Iterator[Told | Outcome]:
    """Authority, certificates, database and the first admin, made as the hub's own user."""
    with machine.acting_as(files.USER):
        is_new = not (settings.authority_dir / "issuing.crt").exists()
        authority = open_authority(settings)
        did = Did.MADE if is_new else Did.KEPT
        yield Told(did, T("根证书与签发证书", "root and issuing certificate"))
        link = _first_admin(settings, wish)
    did = Did.MADE if link else Did.KEPT
    yield Told(did, T(f"管理员 {wish.admin}", f"administrator {wish.admin}"))
    yield Outcome(settings.base_url, authority.fingerprint, link)


def _first_admin(settings: HubSettings, wish: Wish) -> str:
    """The address where the first admin chooses a password; empty when people are there."""
    db = database_at(settings.database_url)
    try:
        upgrade(db)
        if has_people(db):
            return ""
        invitation = invite_admin(db, chain_name=wish.chain, username=wish.admin)
    finally:
        db.close()
    return f"{settings.base_url}/welcome/{invitation.secret}"


def hand_over(machine: Machine, settings: HubSettings) -> Iterator[Told]:
    """Give broker and proxy the present certificates and revocation list.

    From now on storevitals-certificates.service does it whenever the hub has written one of them.
    """
    done = {machine.put(wanted) for wanted in files.certificates(settings.authority_dir)}
    did = Did.KEPT if done == {Did.KEPT} else Did.CHANGED
    yield Told(did, T("mosquitto 与 nginx 的证书", "certificates of mosquitto and nginx"))
    if machine.has_systemd and did is Did.CHANGED:
        machine.run("systemctl", "try-reload-or-restart", "mosquitto.service", "nginx.service")


def serve(machine: Machine, settings: HubSettings, plugin: Path) -> Iterator[Told]:
    """Broker, proxy and services; what is new or changed is started anew."""
    wanted = [*files.broker_files(plugin), files.proxy_file(settings.port), *files.service_files()]
    changed = False
    for one in wanted:
        did = machine.put(one)
        changed = changed or did is not Did.KEPT
        yield Told(did, T(str(one.path), str(one.path)))
    machine.run("nginx", "-t")
    if not machine.has_systemd:
        return
    machine.run("systemctl", "daemon-reload")
    names = ["mosquitto.service", "nginx.service", "storevitals-hub.service"]
    machine.run("systemctl", "enable", "--quiet", *names, "storevitals-certificates.path")
    if changed:
        machine.run("systemctl", "restart", *names, "storevitals-certificates.path")
    if settings.backup_to:
        machine.run("systemctl", "enable", "--now", "--quiet", "storevitals-backup.timer")
