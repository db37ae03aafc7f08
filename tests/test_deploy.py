"""The compose files are what they say, as far as can be told without starting them (OPS-02)."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it brings no types

from hub.settings import PREFIX, HubSettings

FOLDER = Path(__file__).parents[1] / "deploy" / "compose"
FILES = sorted(FOLDER.glob("*.yaml"))
SCALED = [file for file in FILES if file.name != "one-box.yaml"]


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return found


def hubs(file: Path) -> dict[str, Any]:
    services = read(file)["services"]
    return {name: one for name, one in services.items() if one["image"] == "storevitals-hub"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_setting_is_one_that_the_hub_knows(file: Path) -> None:
    names = {name for one in hubs(file).values() for name in one["environment"]}
    assert {name.removeprefix(PREFIX).lower() for name in names} <= set(HubSettings.model_fields)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_part_is_named_pinned_and_restarted(file: Path) -> None:
    made = read(file)
    for name, one in made["services"].items():
        assert one["restart"] == "always", name
        assert one["image"] == "storevitals-hub" or re.search(r":v?\d+\.\d+", one["image"]), name
        assert set(one.get("depends_on", ())) <= made["services"].keys(), name
        for volume in one["volumes"]:
            source = volume.partition(":")[0]
            assert source in made["volumes"] or (FOLDER / source).is_file(), volume


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_variable_is_told_at_the_top(file: Path) -> None:
    text = file.read_text("utf-8")
    told = "\n".join(text.splitlines()[:3])
    assert {name for name in re.findall(r"\$\{(\w+)\}", text) if name not in told} == set()


@pytest.mark.parametrize("file", SCALED, ids=lambda file: file.stem)
def test_workers_have_a_database_and_an_engine_that_several_may_use(file: Path) -> None:
    made = hubs(file)
    assert [one["command"][-1] for one in made.values()] == ["web", "ingest"]
    for one in made.values():
        settings = HubSettings(
            **{
                name.removeprefix(PREFIX).lower(): value
                for name, value in one["environment"].items()
            }
        )
        assert settings.database_url.startswith("postgresql+psycopg://")
        assert not settings.timeseries_url.startswith("duckdb")
    assert made["ingest"]["environment"]["HUB_MQTT_URL"].endswith(":8884"), "any client id"


def test_the_broker_lets_workers_have_client_ids_of_their_own() -> None:
    conf = (FOLDER / "mosquitto.conf").read_text("utf-8")
    agents, own = conf.split("listener 8883")[1].split("listener 8884")
    for listener in (agents, own):
        assert "require_certificate true" in listener
        assert "crlfile" in listener
    assert "use_username_as_clientid true" in agents
    assert "use_username_as_clientid" not in own
