"""Whether an order is the hub's, for this agent, and still good."""

from base64 import b64decode
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.words import T
from protocols.errors import FrameError
from protocols.orders import SIGNER, Order, SignedOrder, parse_order

SKEW_MS = 10 * 60 * 1000  # the hub's clock may be ahead of ours


class RefusedError(Exception):
    """Nothing was done; `text` says why."""

    def __init__(self, text: T) -> None:
        super().__init__(text.en)
        self.text = text


_NOT_SIGNED = T("签名无效，不是本中心下达的。", "The signature is not the hub's.")
_NOT_OURS = T("这条指令是给别的采集端的。", "The order is for another agent.")
_EXPIRED = T("指令已过期。", "The order has expired.")
_TOO_NEW = T(
    "指令的时间在未来：请检查本机时钟。",
    "The order comes from the future: check this machine's clock.",
)


def verified(signed: SignedOrder, authority: Path, agent: str, now: datetime) -> Order:
    """`authority` is the hub's root certificate. Raises RefusedError."""
    try:
        chain = x509.load_pem_x509_certificates(signed.certificate.encode())
        root = x509.load_pem_x509_certificate(authority.read_bytes())
        _demand_chain([*chain, root], now)
        key = chain[0].public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101 _demand_chain has looked
        key.verify(b64decode(signed.signature), signed.text.encode(), ec.ECDSA(hashes.SHA256()))
        order = parse_order(signed.text)
    except (ValueError, InvalidSignature, OSError, FrameError) as error:
        raise RefusedError(_NOT_SIGNED) from error
    _demand_time(order, agent, now)
    return order


def _demand_chain(chain: list[x509.Certificate], now: datetime) -> None:
    """Each is issued by the next, the first by name the one that signs orders. ValueError."""
    names = chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [name.value for name in names] != [SIGNER]:
        raise ValueError("the certificate is for something else")
    if not isinstance(chain[0].public_key(), ec.EllipticCurvePublicKey):
        raise ValueError("the certificate has no P-256 key")
    for one, issuer in pairwise(chain):
        one.verify_directly_issued_by(issuer)
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise ValueError("a certificate of the chain may sign none")
    for one in chain:
        if not one.not_valid_before_utc <= now.astimezone(UTC) <= one.not_valid_after_utc:
            raise ValueError("a certificate of the chain has ended")


def _demand_time(order: Order, agent: str, now: datetime) -> None:
    now_ms = int(now.timestamp() * 1000)
    if order.agent != agent:
        raise RefusedError(_NOT_OURS)
    if now_ms >= order.expires_ms:
        raise RefusedError(_EXPIRED)
    if now_ms + SKEW_MS < order.issued_ms:
        raise RefusedError(_TOO_NEW)
