"""A configuration from the hub: what it may change, secrets that stay here, the check before."""

from pathlib import Path
from typing import Any

from agent.app import mqtt_options
from agent.devices import build_devices
from agent.launch import base_mark
from agent.remote import trial
from agent.remote.describe import VALUE, is_secret
from agent.remote.verify import RefusedError
from agent.settings import AgentSettings, SettingsError, load_settings
from agent.settings_source import Place, Source
from agent.words import T

LOCAL = (  # only whoever stands before the machine may change these
    ("agent", "id"),
    ("agent", "data_dir"),
    ("uplink", "url"),
    ("uplink", "more_urls"),
    ("uplink", "group"),
    ("uplink", "username"),
    ("uplink", "password_file"),
    ("uplink", "ca_file"),
    ("uplink", "cert_file"),
    ("uplink", "key_file"),
    ("outbox", "path"),
    ("remote",),
)


def ready(text: str, current: Path, local: Path, fresh: Path) -> bytes:
    """The file to use: `text` with this machine's secrets, checked as the agent checks it at start.

    `fresh` is where it is written for the check. Raises RefusedError.
    """
    try:
        trial.replace(fresh, f"{text}\n{base_mark(local)}\n".encode())
        whole = _with_secrets(fresh, current)
        trial.replace(fresh, whole.encode())
        settings = load_settings(fresh)
        _demand_local(settings, load_settings(current))
        build_devices(settings, folder=local.parent)
        mqtt_options(settings)
        return whole.encode()
    except (SettingsError, ValueError, OSError) as error:
        told = str(error).replace(str(fresh), "agent.toml")
        raise RefusedError(T(f"配置有误：{told}", f"The configuration is wrong: {told}")) from error
    finally:
        fresh.unlink(missing_ok=True)


def _with_secrets(fresh: Path, current: Path) -> str:
    """Each `***` becomes what stands at the same key of the same table here."""
    source, own, lines = Source.read(fresh), Source.read(current), _lines(fresh)
    for place, number in source.lines.items():
        if is_secret(place) and _at(source.values, place) == "***":
            value = _same(source.values, own.values, place)
            if value is None:
                raise RefusedError(_no_secret(".".join(map(str, place))))
            if found := VALUE.match(lines[number - 1]):
                rest = lines[number - 1][found.end() :]
                lines[number - 1] = f"{found[1]}{_quoted(value)}{rest}"
    return "\n".join(lines) + "\n"


def _no_secret(place: str) -> T:
    return T(
        f"{place} 的密码写成了 ***，但本机没有可沿用的密码。",
        f"{place} is ***, but this machine has no password to keep there.",
    )


def _same(values: dict[str, Any], own: dict[str, Any], place: Place) -> str | None:
    """Tables of a list are the same by their id, not by their place."""
    if len(place) < 3 or not isinstance(place[1], int):
        found = _at(own, place)
        return found if isinstance(found, str) else None
    wanted = _at(values, place[:2])
    for table in own.get(str(place[0]), ()):
        if isinstance(wanted, dict) and table.get("id") == wanted.get("id"):
            found = table.get(place[2])
            return found if isinstance(found, str) else None
    return None


def _at(values: Any, place: Place) -> Any:
    for part in place:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _demand_local(wished: AgentSettings, own: AgentSettings) -> None:
    for path in LOCAL:
        if _field(wished, path) != _field(own, path):
            name = ".".join(path)
            raise RefusedError(
                T(
                    f"{name} 只能在这台采集端上修改。",
                    f"{name} can be changed on the agent's own machine only.",
                )
            )


def _field(settings: AgentSettings, path: tuple[str, ...]) -> object:
    found: object = settings.model_dump()
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").rstrip("\n").split("\n")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
