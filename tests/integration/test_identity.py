"""Identity on the real broker: rights by certificate, escape attempts, revocation (R14, R37).

mosquitto runs by the configuration that is shipped, with TLS, client certificates, revocation list
and dynamic-security; the keeper of the hub manages it; agents are paho clients with real keys.
"""

import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion

from hub.ingest.broker import HOST, KEEPER, BrokerKeeper, first_state
from hub.kit.clock import utc_now
from hub.security.pki import Authority
from protocols.mqtt.options import MqttOptions
from tests.hub.security.test_pki import request_for
from tests.integration.conftest import free_port, is_listening

pytestmark = pytest.mark.integration

CONF = Path(__file__).parents[2] / "deploy" / "mosquitto" / "storevitals.conf"
GROUP, MINE, OTHER = "amber-7", "store-1", "store-2"
PLUGINS = list(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))


class Broker:
    """A hub's broker with its keeper, and certificates for whoever a test needs."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority.open(folder / "pki")
        for name in (HOST, KEEPER):
            self.authority.issue(name)
        self.authority.issue("server", ["127.0.0.1"])
        self.folder, self.port = folder, free_port()
        self.speakers = frozenset({(GROUP, MINE), (GROUP, OTHER)})
        self._serials: dict[str, str] = {}
        self._process = self._start()
        self._loop = asyncio.new_event_loop()
        self.keeper = BrokerKeeper(self._options(KEEPER), lambda: self.speakers)
        self._task = self._loop.create_task(self.keeper.run())
        self._thread = threading.Thread(target=self._run_keeper, daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        if found is None or not PLUGINS:
            pytest.fail("The broker is missing: apt-get install mosquitto")
        text = CONF.read_text("utf-8")
        values = {"pki": self.authority.folder, "state": self.folder, "plugin": PLUGINS[0]}
        for key, value in {**values, "port": f"{self.port} 127.0.0.1"}.items():
            text = text.replace(f"{{{key}}}", str(value))
        user = "root" if os.geteuid() == 0 else ""
        (self.folder / "mosquitto.conf").write_text(text + (f"\nuser {user}\n" if user else ""))
        (self.folder / "dynamic-security.json").write_text(json.dumps(first_state()))
        with (self.folder / "mosquitto.log").open("wb") as log:
            process = subprocess.Popen(
                [found, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
            )
        wait_for(lambda: is_listening(self.port), "the broker listens")
        return process

    def _run_keeper(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)

    def _options(self, name: str) -> MqttOptions:
        pem = self.authority.folder / f"{name}.pem"
        return MqttOptions(
            f"mqtts://127.0.0.1:{self.port}",
            client_id=name,
            ca_file=self.authority.folder / "root.crt",
            cert_file=pem,
            key_file=pem,
        )

    def agent(self, name: str) -> Path:
        """Key and certificate of an enrolled agent, in one file."""
        path = self.folder / f"{name}.pem"
        if not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            issued = self.authority.sign_agent(request_for(key), name, "s")
            private = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            path.write_bytes(private + issued.pem.encode())
            self._serials[name] = issued.serial
        return path

    def revoke(self, name: str) -> None:
        """As the hub does; the agent comes again before systemd lets the broker read the list."""
        self.authority.write_revoked([(self._serials[name], utc_now())])
        self.speakers = frozenset(one for one in self.speakers if one[1] != name)
        self.keeper.nudge()

    def reload(self) -> None:
        """What systemd does some seconds after crl.pem has changed."""
        self._process.send_signal(signal.SIGHUP)

    def connect(self, pem: Path, client_id: str = "whoever") -> "Client":
        return Client(self, pem, client_id)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)
        self._loop.close()
        self._process.terminate()
        self._process.wait(10)


class Client:
    """A machine with a certificate that says and hears what it likes."""

    def __init__(self, broker: Broker, pem: Path, client_id: str) -> None:
        context = ssl.create_default_context(cafile=broker.authority.folder / "root.crt")
        context.load_cert_chain(pem)
        self.heard: list[tuple[str, bytes]] = []
        self.granted: list[bool] = []
        self.is_up = False
        self.paho = paho.Client(CallbackAPIVersion.VERSION2, client_id, reconnect_on_failure=False)
        self.paho.tls_set_context(context)
        self.paho.on_connect = lambda *a: setattr(self, "is_up", not a[3].is_failure)
        self.paho.on_disconnect = lambda *_: setattr(self, "is_up", False)
        self.paho.on_message = lambda _c, _u, m: self.heard.append((m.topic, bytes(m.payload)))
        self.paho.on_subscribe = lambda _c, _u, _m, reasons, _p: self.granted.extend(
            not reason.is_failure for reason in reasons
        )
        with suppress(OSError):
            self.paho.connect("127.0.0.1", broker.port, 10)
            self.paho.loop_start()

    def subscribe(self, topic: str) -> bool:
        before = len(self.granted)
        self.paho.subscribe(topic, 1)
        wait_for(lambda: len(self.granted) > before, f"an answer to {topic}")
        return self.granted[-1]

    def leave(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


def wait_for(check: object, what: str, limit_s: float = 30.0) -> float:
    begun = time.monotonic()
    while not check():  # type: ignore[operator]
        assert time.monotonic() - begun < limit_s, f"{what} within {limit_s:.0f} s"
        time.sleep(0.02)
    return time.monotonic() - begun


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(tmp_path_factory.mktemp("broker"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def host(broker: Broker) -> Iterator[Client]:
    """The hub, which hears everything that the broker lets through."""
    client = broker.connect(broker.authority.folder / f"{HOST}.pem")
    wait_for(lambda: client.is_up, "the hub is connected")
    assert client.subscribe("spBv1.0/#")
    yield client
    client.leave()


@pytest.fixture(scope="module")
def mine(broker: Broker, host: Client) -> Iterator[Client]:
    """An agent that the keeper has let in."""
    client = broker.connect(broker.agent(MINE))
    wait_for(lambda: client.is_up, "the agent is connected")
    own = f"spBv1.0/{GROUP}/NDATA/{MINE}"

    def is_let_in() -> bool:
        client.paho.publish(own, b"first", 1)
        time.sleep(0.2)
        return (own, b"first") in host.heard

    wait_for(is_let_in, "the keeper let the agent in")
    yield client
    client.leave()


def passes(client: Client, host: Client, topic: str, mark: bytes) -> bool:
    """Whether what the client says arrives; what it says last may always be said."""
    last = f"spBv1.0/{GROUP}/NDATA/{MINE}"
    client.paho.publish(topic, mark, 1)
    client.paho.publish(last, b"after " + mark, 1)
    wait_for(lambda: (last, b"after " + mark) in host.heard, "the agent's own topic")
    return (topic, mark) in host.heard


@pytest.mark.parametrize("kind", ["NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA"])
def test_an_agent_says_what_is_its_own(mine: Client, host: Client, kind: str) -> None:
    device = "/cabinet-1" if kind.startswith("D") else ""
    topic = f"spBv1.0/{GROUP}/{kind}/{MINE}{device}"
    assert passes(mine, host, topic, f"own {kind}".encode())


@pytest.mark.parametrize(
    "topic",
    [
        f"spBv1.0/{GROUP}/NDATA/{OTHER}",
        f"spBv1.0/{GROUP}/DDATA/{OTHER}/cabinet-1",
        f"spBv1.0/cobalt-1/NDATA/{MINE}",
        f"spBv1.0/{GROUP}/NCMD/{MINE}",
        f"spBv1.0/{GROUP}/NCMD/{OTHER}",
        f"spBv1.0/{GROUP}/DCMD/{OTHER}/cabinet-1",
        f"spBv1.0/{GROUP}/DDATA/{MINE}/a/b",
        f"spBv1.0/{GROUP}/NDATA/{MINE}/",
        f"spBv1.0/{GROUP}/NDATA/{MINE}x",
        f"spBv1.0//{GROUP}/NDATA/{MINE}",
        "spBv1.0/STATE/storevitals",
        "$CONTROL/dynamic-security/v1",
        "$SYS/broker/clients",
        "anything",
    ],
)
def test_r14_an_agent_says_nothing_else(mine: Client, host: Client, topic: str) -> None:
    assert not passes(mine, host, topic, f"escape {topic}".encode())


@pytest.mark.parametrize(
    "topic",
    [f"spBv1.0/{GROUP}/NCMD/{MINE}", f"spBv1.0/{GROUP}/DCMD/{MINE}/+", "spBv1.0/STATE/storevitals"],
)
def test_an_agent_hears_its_commands(mine: Client, topic: str) -> None:
    assert mine.subscribe(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "+/#",
        "spBv1.0/#",
        f"spBv1.0/{GROUP}/#",
        f"spBv1.0/{GROUP}/NCMD/+",
        f"spBv1.0/+/NCMD/{MINE}",
        f"spBv1.0/{GROUP}/NCMD/{OTHER}",
        f"spBv1.0/{GROUP}/DCMD/+/+",
        f"spBv1.0/{GROUP}/NDATA/{OTHER}",
        "spBv1.0/STATE/+",
        f"$share/g/spBv1.0/{GROUP}/NCMD/{OTHER}",
        f"$share/g/spBv1.0/{GROUP}/#",
        "$SYS/#",
        "$CONTROL/#",
        "$CONTROL/dynamic-security/v1/response",
    ],
)
def test_r14_an_agent_hears_nothing_else(mine: Client, topic: str) -> None:
    assert not mine.subscribe(topic)


def test_the_client_id_is_the_certificates(broker: Broker, mine: Client) -> None:
    """Another store's id gets nobody off: who names it is known by the own certificate."""
    thief = broker.connect(broker.agent(OTHER), client_id=MINE)
    wait_for(lambda: thief.is_up, "the other agent is connected")
    time.sleep(0.5)
    assert mine.is_up
    thief.leave()


def test_without_a_certificate_of_ours_nobody_comes_in(broker: Broker, tmp_path: Path) -> None:
    stranger = Authority.open(tmp_path / "pki").issue(MINE)
    client = broker.connect(stranger)
    time.sleep(1.0)
    assert not client.is_up
    client.leave()


def test_r37_a_revoked_agent_stays_out(broker: Broker, host: Client, mine: Client) -> None:
    """The certificate is valid for weeks yet: 0 messages arrive."""
    topic = f"spBv1.0/{GROUP}/NDATA/{OTHER}"
    gone = broker.connect(broker.agent(OTHER))
    wait_for(lambda: gone.is_up, "the agent is connected")
    gone.paho.publish(topic, b"before", 1)
    wait_for(lambda: (topic, b"before") in host.heard, "the agent speaks")
    broker.revoke(OTHER)
    assert wait_for(lambda: not gone.is_up, "the revoked agent is off", 60.0) < 60.0
    back = broker.connect(broker.agent(OTHER))
    wait_for(lambda: back.is_up, "it is back before the list is read")
    back.paho.publish(topic, b"after", 1)
    broker.reload()
    assert wait_for(lambda: not back.is_up, "it is off again", 60.0) < 60.0
    for _ in range(3):
        again = broker.connect(broker.agent(OTHER))
        again.paho.publish(topic, b"after", 1)
        time.sleep(0.5)
        assert not again.is_up
        again.leave()
    assert (topic, b"after") not in host.heard
    assert mine.is_up
