"""`storevitals-hub setup` in a clean Debian 12, to a reading that arrives and an agent that is out.

The machine has a network of its own, one cable long: this side is the shop, which knows nothing of
the hub but its address and the fingerprint that setup printed (SEC-01, EDG-13, R37).
"""

import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from agent.cli.main import main as agent_cli
from agent.settings import load_settings
from tests.faults.debian import ENVIRONMENT, debian, run_inside
from tests.servers import Program, StoreShape, TestStore, street, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
PACKAGES = ("python3", "python3-venv", "passwd", "mosquitto", "nginx-light", "systemd")
SHOP, HUB, CABLE = "198.51.100.1", "198.51.100.2", "sv-shop"
SPACE = "sv-setup"
PASSWORD = "four shops by the river"
OUT_S = 60.0


@contextmanager
def cable() -> Iterator[None]:
    """A network for the hub, with one end here; it is gone with its name."""
    inside = ["ip", "-n", SPACE]
    commands: Sequence[Sequence[str]] = (
        ["ip", "netns", "add", SPACE],
        ["ip", "link", "add", CABLE, "type", "veth", "peer", "name", "eth0", "netns", SPACE],
        ["ip", "addr", "add", f"{SHOP}/30", "dev", CABLE],
        ["ip", "link", "set", CABLE, "up"],
        [*inside, "addr", "add", f"{HUB}/30", "dev", "eth0"],
        [*inside, "link", "set", "eth0", "up"],
        [*inside, "link", "set", "lo", "up"],
    )
    try:
        for command in commands:
            subprocess.run(command, check=True)
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", SPACE], check=True)


@dataclass
class HubMachine:
    """The clean machine, with what runs on it; `systemd` is played by this test."""

    root: Path
    logs: Path
    programs: dict[str, Program] = field(default_factory=dict)
    network: Sequence[str] = ("ip", "netns", "exec", SPACE)

    def run(self, *words: str, status: int = 0) -> str:
        return run_inside(self.root, self.network, words, status)

    def begin(self, name: str, *words: str) -> None:
        command = [*self.network, "chroot", str(self.root), *words]
        program = Program(name, command, self.logs, ENVIRONMENT)
        program.start()
        self.programs[name] = program

    def begin_all(self) -> None:
        """As the units say: broker and proxy as root, the hub as its own user."""
        own = ["setpriv", "--reuid=storevitals", "--regid=storevitals", "--init-groups"]
        self.begin("mosquitto", "mosquitto", "-c", "/etc/mosquitto/mosquitto.conf")
        self.begin("nginx", "nginx", "-g", "daemon off;")
        serve = ["storevitals-hub", "serve", "--config", "/etc/storevitals/hub.toml"]
        self.begin("hub", *own, *serve)

    def hand_over(self) -> None:
        """What storevitals-certificates.service does, line by line, when its path unit fires."""
        unit = (self.root / "etc/systemd/system/storevitals-certificates.service").read_text()
        folder = "/var/lib/storevitals/pki"
        assert f"WorkingDirectory={folder}\n" in unit
        *commands, reload = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        for command in commands:
            self.run("sh", "-c", f"cd {folder} && exec {command}")
        assert reload == "systemctl try-reload-or-restart mosquitto.service nginx.service"
        for name in ("mosquitto", "nginx"):
            subprocess.run(["kill", "-HUP", str(self.programs[name].pid)], check=True)

    def revoked_at(self) -> int:
        return (self.root / "var/lib/storevitals/pki/crl.pem").stat().st_mtime_ns

    def stop(self) -> None:
        for program in self.programs.values():
            program.stop()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubMachine]:
    folder = tmp_path_factory.mktemp("setup")
    with debian(folder, PACKAGES) as root, cable():
        made = HubMachine(root, folder)
        try:
            yield made
        finally:
            made.stop()


@dataclass(frozen=True)
class Shop:
    """What the shop is told by whoever set the hub up."""

    link: str
    mark: str


@pytest.fixture(scope="module")
def shop(machine: HubMachine, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    wheels = tmp_path_factory.mktemp("wheels")
    command = ["sh", str(ROOT / "deploy/make-wheelhouse.sh"), "amd64", str(wheels / "hub")]
    subprocess.run(command, check=True, env=ENVIRONMENT | {"PART": "hub", "BIN": _bin()})
    shutil.copytree(wheels / "hub", machine.root / "root/hub")
    machine.run("sh", "/root/hub/install-hub.sh")
    said = machine.run("storevitals-hub", "setup", "--name", HUB)
    link = re.search(r"https://\S+/welcome/\S+", said)
    mark = re.search(r"(?:[0-9A-F]{4}-){3}[0-9A-F]{4}", said)
    assert link, said
    assert mark, said
    return Shop(link[0], mark[0])


def _bin() -> str:
    return str(Path(sys.executable).parent)


def test_a_second_run_changes_nothing_and_the_units_are_sound(
    machine: HubMachine, shop: Shop
) -> None:
    said = machine.run("storevitals-hub", "setup", "--name", "other.lan")
    done = [line for line in said.splitlines() if line.startswith(("made", "changed", "kept"))]
    assert len(done) > 10
    assert {line.split()[0] for line in done} == {"kept"}
    assert "/welcome/" not in said
    assert shop.mark in said
    units = sorted((machine.root / "etc/systemd/system").glob("storevitals-*.*"))
    assert len(units) == 5
    names = [f"/{unit.relative_to(machine.root)}" for unit in units]
    assert machine.run("systemd-analyze", "verify", *names) == ""
    before = machine.root / "etc/mosquitto/mosquitto.conf.before-storevitals"
    assert "pid_file" in before.read_text()


def trusting(machine: HubMachine, shop: Shop) -> ssl.SSLContext:
    """As a phone does it: the page over plain HTTP, the root, the fingerprint compared."""
    page = httpx.get(f"http://{HUB}/ca?lang=en")
    assert shop.mark in page.text
    der = httpx.get(f"http://{HUB}/ca/storevitals-root.crt").content
    assert httpx.get(f"http://{HUB}/").status_code == 301
    return ssl.create_default_context(cadata=der)


def administrator(context: ssl.SSLContext, shop: Shop) -> httpx.Client:
    """Sets the first password by the link, and signs in as every program does."""
    client = httpx.Client(base_url=f"https://{HUB}", verify=context, timeout=30)
    done = client.post(shop.link, data={"new": PASSWORD, "again": PASSWORD})
    assert done.status_code == 303, done.text
    form = {"username": "admin", "password": PASSWORD}
    token = client.post("/api/v1/auth/token", data=form).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    return client


def newest(client: httpx.Client, store: str) -> list[str]:
    items = client.get(f"/api/v1/stores/{store}/latest").raise_for_status().json()["items"]
    return [item["at"] for item in items if item["at"]]


def enrolled(client: httpx.Client, shop: Shop, store: str, place: TestStore) -> Path:
    """The installer's part: a configuration, and the code that the hub's page shows."""
    code = client.post("/api/v1/agents/enrolment-codes", json={"store_id": store})
    config = place.folder / "agent.toml"
    config.write_text(place.config("mqtt://127.0.0.1"), "utf-8")
    words = ["enrol", code.raise_for_status().json()["code"], "--hub", f"https://{HUB}"]
    assert agent_cli([*words, "--fingerprint", shop.mark, "--config", str(config)]) == 0
    assert load_settings(config).uplink.url == f"mqtts://{HUB}:8883"
    return config


def test_readings_arrive_over_tls_and_a_revoked_agent_is_out_for_good(
    machine: HubMachine, shop: Shop, tmp_path: Path
) -> None:
    machine.begin_all()
    wait_for(lambda: answers(f"http://{HUB}/ca"), 60, "the hub answers")
    values = {"code": "001", "name": "Nanjing Road"}
    with (
        closing(administrator(trusting(machine, shop), shop)) as client,
        street(tmp_path, [StoreShape(units=1, metrics=3)], 1) as (place,),
    ):
        store = client.post("/api/v1/stores", json=values).raise_for_status().json()["id"]
        config = enrolled(client, shop, store, place)
        words = [f"{_bin()}/storevitals-agent", "run", "--config", str(config)]
        with Program("agent", words, tmp_path) as agent:
            took = wait_for(lambda: bool(newest(client, store)), 60, "the first reading")
            sys.stdout.write(f"first reading {took:.1f} s after the agent's start\n")
            (one,) = client.get("/api/v1/agents").raise_for_status().json()
            clicked = revoke(machine, client, one)
            last = newest(client, store)
            again = stays_out(config)
            out_s = off_since(machine, one["name"]) - clicked
            sys.stdout.write(f"out for good {max(0, out_s):.0f} s after the click\n")
            assert agent.is_running
            assert newest(client, store) == last
    assert again == [], f"connected again: {again}"
    assert out_s < OUT_S


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def revoke(machine: HubMachine, client: httpx.Client, one: dict[str, str]) -> float:
    """The time of the click; the list of revoked certificates is handed over a moment later."""
    before, clicked = machine.revoked_at(), time.time()
    client.post(f"/api/v1/agents/{one['id']}/revoke").raise_for_status()
    wait_for(lambda: machine.revoked_at() != before, 10, "the list of revoked certificates")
    machine.hand_over()
    (seen,) = client.get("/api/v1/agents").raise_for_status().json()
    assert (seen["is_revoked"], seen["state"]) == (True, "offline")
    return clicked


def off_since(machine: HubMachine, agent: str) -> float:
    """By the broker's log: when it was last sent away, without having come again."""
    told = machine.programs["mosquitto"].log.read_text().splitlines()
    mine = [line for line in told if f" {agent} " in line or line.endswith(f" {agent}.")]
    assert "disconnected" in mine[-1], mine
    return float(mine[-1].partition(":")[0])


def stays_out(config: Path) -> list[str]:
    """What a handshake with the certificate, valid for weeks yet, still gets in 10 s."""
    folder = config.parent / "identity"
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    context.load_cert_chain(folder / "agent.pem")
    got = []
    for _ in range(5):
        try:
            got.append(connected(context))
        except (ssl.SSLError, ConnectionError):
            time.sleep(2)
    return [one for one in got if one]


def connected(context: ssl.SSLContext) -> str:
    """The broker's answer to MQTT's first packet; with TLS 1.3 a refusal comes with the reading."""
    hello = bytes.fromhex("101000044d5154540402003c000474657374")
    with (
        socket.create_connection((HUB, 8883), 5) as raw,
        context.wrap_socket(raw, server_hostname=HUB) as line,
    ):
        line.sendall(hello)
        return line.recv(4).hex()
