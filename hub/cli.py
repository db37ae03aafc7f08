"""`storevitals-hub`: the commands of the centre."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from getpass import getpass
from importlib.metadata import version
from pathlib import Path

from hub import demo
from hub.app import serve
from hub.archive.chains.service import create_admin
from hub.backup.errors import BackupError
from hub.commands import detect
from hub.commands.backup import add_backup, add_restore, backup, restore_command
from hub.commands.doctor import add_doctor, examine, report
from hub.commands.doctor_checks import CHECKS
from hub.commands.rotate_keys import rotate_keys
from hub.commands.setup.command import add_setup, setup
from hub.commands.verify_audit import verify_audit
from hub.errors import HubError
from hub.ingest.orders import add_bundle
from hub.kit.db import Database
from hub.kit.migrate import make_migration, upgrade
from hub.listening import StartError
from hub.security.vault.master import MasterKeyError
from hub.settings import HubSettings, Role, SettingsError, load_settings
from hub.worker import serve_worker

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: done; 1: refused or failed, with a sentence on stderr; 2: wrong usage."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except (SettingsError, StartError, HubError, MasterKeyError, BackupError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="storevitals-hub", description="The centre of StoreVitals (门店健康档案中心)."
    )
    parser.add_argument("--version", action="version", version=version("storevitals"))
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add(commands, "serve", _serve, "run the hub: web, API, ingest, detection, alerts")
    _add(commands, "migrate", _migrate, "bring the database to this version's tables")
    admin = _add(commands, "create-admin", _create_admin, "make the first account")
    admin.add_argument("username", help="the name to sign in with")
    admin.add_argument("--chain", default="我的连锁", help="name of the chain, made if new")
    admin.add_argument("--password-file", type=Path, help="file with the password; else asked for")
    add_setup(_add(commands, "setup", setup, "HTTPS, broker, services and first admin; as root"))
    keys = _add(commands, "rotate-keys", _rotate_keys, "new keys for sealed data; the hub may run")
    keys.add_argument("--chain", help="name of one chain; default: every chain")
    keys.add_argument("--resume", action="store_true", help="only finish what was cut short")
    keys.add_argument("--master", action="store_true", help="a new master key, and nothing else")
    _add(
        commands, "verify-audit", _verify_audit, "walk the audit's chain: changed, removed, cut off"
    )
    add_backup(_add(commands, "backup", _backup, "a sealed copy of everything; the hub may run"))
    add_restore(_add(commands, "restore", _restore, "a backup into an empty data directory"))
    add_doctor(_add(commands, "doctor", _doctor, "what is well, what is not, and what to do"))
    new = _add(commands, "make-migration", _make_migration, "write a migration (developers)")
    new.add_argument("message", help="what changes, in a few words")
    bundle = _add(commands, "add-bundle", _add_bundle, "agent software that can be rolled out")
    bundle.add_argument("file", type=Path, help="storevitals-agent-<version>.tar")
    detect.add_parser(commands)
    demo.add_parser(commands)
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: object,
    help: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help, description=help)
    parser.add_argument("--config", type=Path, help="hub.toml; HUB_* in the environment go above")
    if name == "serve":
        parser.add_argument("--role", choices=["all", "web", "ingest"], help="default: all")
    parser.set_defaults(run=run)
    return parser


def _settings(given: argparse.Namespace) -> HubSettings:
    settings = load_settings(given.config, role=getattr(given, "role", None))
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return settings


def _serve(given: argparse.Namespace) -> int:
    settings = _settings(given)
    if not settings.mqtt_url:
        raise StartError(
            "The hub has no broker: HUB_MQTT_URL is not set. Set it to mqtts://host:8883, "
            "or try the product with: storevitals-hub demo"
        )
    asyncio.run(serve_worker(settings) if settings.role is Role.INGEST else serve(settings))
    return 0


def _migrate(given: argparse.Namespace) -> int:
    database = Database(_settings(given).database_url)
    revision = upgrade(database)
    sys.stdout.write(f"The database is at revision {revision}.\n")
    return 0


def _add_bundle(given: argparse.Namespace) -> int:
    bundle = add_bundle(given.file, _settings(given).data_dir / "bundles")
    sys.stdout.write(f"Bundle {bundle.version} can be rolled out ({bundle.sha256}).\n")
    return 0


def _make_migration(given: argparse.Namespace) -> int:
    sys.stdout.write(f"{make_migration(given.message)}\n")
    return 0


def _rotate_keys(given: argparse.Namespace) -> int:
    return rotate_keys(_settings(given), given)


def _verify_audit(given: argparse.Namespace) -> int:
    return verify_audit(_settings(given))


def _backup(given: argparse.Namespace) -> int:
    return backup(_settings(given), given)


def _restore(given: argparse.Namespace) -> int:
    return restore_command(_settings(given), given)


def _doctor(given: argparse.Namespace) -> int:
    return report(examine(_settings(given), CHECKS), as_json=given.json)


def _create_admin(given: argparse.Namespace) -> int:
    database = Database(_settings(given).database_url)
    upgrade(database)
    password = _password(given.password_file)
    create_admin(database, chain_name=given.chain, username=given.username, password=password)
    sys.stdout.write(f"{given.username} may sign in now.\n")
    return 0


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text("utf-8").strip()
        except OSError as error:
            raise StartError(f"{file}: cannot be read ({error.strerror}).") from error
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return getpass("Password: ")
