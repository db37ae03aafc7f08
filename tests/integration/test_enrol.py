"""`storevitals-agent enrol` against a hub behind TLS, and the renewal that follows (EDG-13)."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from agent.cli.main import main
from agent.identity import is_same
from agent.identity_renewal import Renewal
from agent.identity_renewal import main as renew
from agent.settings import load_settings
from hub.ingest.enrolment import Enrolment, Place
from hub.kit.asker import Asker
from hub.security.pki import Authority
from hub.web.application import create_app
from tests.hub.web.world_under_test import open_world
from tests.integration.conftest import free_port, is_listening
from tests.integration.test_identity import wait_for

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class SecureHub:
    url: str
    enrolment: Enrolment
    place: Place

    def code(self) -> str:
        return self.enrolment.offer(self.place, Asker.hub("test")).code


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureHub]:
    folder, port = tmp_path_factory.mktemp("hub"), free_port()
    with open_world(folder) as world:
        services, authority = world.services, Authority.open(folder / "pki")
        passwords, broker = services.sign_in.passwords, "mqtts://127.0.0.1:8883"
        enrolment = Enrolment(services.db, services.registry, passwords, authority, broker)
        pem = authority.issue("server", ["127.0.0.1"])
        app = create_app(replace(services, enrolment=enrolment))
        config = uvicorn.Config(
            app,
            "127.0.0.1",
            port,
            lifespan="off",
            loop="asyncio",
            http="h11",
            ws="none",
            log_config=None,
            ssl_certfile=pem,
            ssl_keyfile=pem,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        wait_for(lambda: is_listening(port), "the hub listens")
        place = Place(world.amber.id, world.mine.id)
        yield SecureHub(f"https://127.0.0.1:{port}", enrolment, place)
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[agent]\nid = "old"  # by the wizard\nname = "Nanjing Road"\ndata_dir = "{tmp_path}"\n\n'
        '[uplink]\nurl = "mqtt://127.0.0.1"\ngroup = "none-0"\nflush_s = 3.0\n'
    )
    return path


def test_a_code_becomes_an_identity_that_renews(hub: SecureHub, config: Path) -> None:
    mark = hub.enrolment.authority.fingerprint
    assert main(["enrol", f"{hub.url}/#enrol/{hub.code()}/{mark}", "--config", str(config)]) == 0
    settings = load_settings(config)
    folder = config.parent / "identity"
    assert settings.agent.name == "Nanjing Road"
    assert settings.uplink.flush_s == 3.0
    assert settings.uplink.url == "mqtts://127.0.0.1:8883"
    assert (settings.uplink.group, settings.agent.id) in hub.enrolment.speakers()
    assert (folder / "agent.pem").stat().st_mode & 0o777 == 0o600
    before = (folder / "agent.pem").read_bytes()
    now = datetime.now(UTC)
    assert not Renewal(folder).is_due(now + timedelta(days=59))
    assert Renewal(folder).is_due(now + timedelta(days=61))
    assert renew(folder) == 0
    assert (folder / "agent.pem").read_bytes() != before
    assert json.loads((folder / "identity.json").read_text())["hub"] == hub.url


def test_a_false_hub_learns_no_code(hub: SecureHub, config: Path) -> None:
    """Another fingerprint: nothing is sent, nothing is written."""
    before, code = config.read_text(), hub.code()
    words = ["enrol", code, "--hub", hub.url, "--config", str(config)]
    assert main([*words, "--fingerprint", "0" * 64]) == 1
    assert config.read_text() == before
    assert not (config.parent / "identity").exists()
    assert main([*words, "--fingerprint", hub.enrolment.authority.fingerprint]) == 0


def test_a_wrong_code_says_what_to_do(
    hub: SecureHub, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = hub.enrolment.authority.fingerprint[:16]
    words = ["enrol", "ZZZZZZZZ", "--hub", hub.url, "--fingerprint", mark, "--config", str(config)]
    assert main([*words, "--lang", "en"]) == 1
    assert "code" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["http://hub.example", "hub.example", "ftp://hub.example"])
def test_no_code_goes_out_in_the_clear(url: str, config: Path) -> None:
    words = ["enrol", "ZZZZZZZZ", "--hub", url, "--fingerprint", "0" * 16, "--config", str(config)]
    assert main(words) == 1


@pytest.mark.parametrize(
    ("given", "same"),
    [("A1B2-C3D4-E5F6-0718", True), ("a1b2c3d4e5f60718ff", True), ("A1B2", False), ("", False)],
)
def test_a_fingerprint_needs_sixteen_digits(given: str, same: bool) -> None:
    assert is_same("A1B2C3D4E5F60718FFEE", given) is same
