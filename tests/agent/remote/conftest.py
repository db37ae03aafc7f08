"""A hub's authority, an agent's folder, and orders that are signed or pretend to be."""

import time
from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from agent.settings import AgentSettings, load_settings
from hub.security.pki import Authority
from protocols.orders import SIGNER, Order, SignedOrder, Verb, encode

CONFIG = """[agent]
id = "store-1"
data_dir = "{data_dir}"
[uplink]
url = "mqtt://127.0.0.1"
group = "g"
password = "hunter2"
[status]
pin = "4711"  # of the shop
[[bus]]
id = "plant"
kind = "modbus_tcp"
host = "127.0.0.1"
[[bus]]
id = "sensors"
kind = "mqtt"
url = "mqtt://127.0.0.1"
password = "inner"
[[device]]
id = "meter-1"
driver = "modbus"
bus = "plant"
unit = 1
profile = "eastron-sdm630"
"""


@dataclass
class Desk:
    """One agent: its files, and the hub that it belongs to."""

    folder: Path
    config: Path
    authority: Authority

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def remote(self) -> Path:
        return self.data_dir / "remote"

    @property
    def settings(self) -> AgentSettings:
        return load_settings(self.config)

    def order(self, verb: Verb = Verb.RESTART, **arguments: str | int) -> Order:
        now = time.time_ns() // 1_000_000
        return Order(f"order-{now}", "store-1", verb, arguments, now, now + 60_000)

    def sign(self, order: Order, *, signer: str = SIGNER) -> SignedOrder:
        pem = self.authority.issue(signer).read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        text = encode(order)
        signature = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        chain = pem[pem.index(b"-----BEGIN CERTIFICATE") :].decode()
        return SignedOrder(text, b64encode(signature).decode(), chain)

    def late(self, order: Order, by_ms: int) -> Order:
        return replace(
            order, issued_ms=order.issued_ms - by_ms, expires_ms=order.expires_ms - by_ms
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    config = tmp_path / "agent.toml"
    data_dir = tmp_path / "data"
    (data_dir / "identity").mkdir(parents=True)
    config.write_text(CONFIG.format(data_dir=data_dir), "utf-8")
    authority = Authority.open(tmp_path / "pki")
    (data_dir / "identity" / "ca.crt").write_text(authority.root_pem)
    return Desk(tmp_path, config, authority)
