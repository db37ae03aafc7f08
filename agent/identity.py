"""The agent's identity: a P-256 key that never leaves this machine, and the hub's word for it.

`agent.pem` (mode 0600) has key and certificate together, so that both are replaced in one step;
`ca.crt` is the hub's root, `identity.json` what a later renewal needs.
"""

import hashlib
import json
import os
import re
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from protocols.mqtt.options import is_loopback

RENEW_AFTER = timedelta(days=60)
TIMEOUT_S = 20.0
SHORTEST = 16  # hex digits of the fingerprint that people compare: 64 bits
API = "/api/v1/agents"


class IdentityError(Exception):
    """What went wrong and what to do, in a sentence."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the hub answered."""

    agent: str
    group: str
    broker_url: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub at `url`, and its root certificate as it was fetched and confirmed."""

    url: str
    authority_pem: str
    language: str = "en"  # of the hub's sentences

    @property
    def fingerprint(self) -> str:
        der = ssl.PEM_cert_to_DER_cert(self.authority_pem)
        return hashlib.sha256(der).hexdigest().upper()

    def post(self, path: str, body: dict[str, str]) -> tuple[int, Any]:
        context = ssl.create_default_context()  # a hub behind a public certificate is fine too
        context.load_verify_locations(cadata=self.authority_pem)
        text = json.dumps(body).encode()
        return _ask(self.url + API + path, context, text, self.language)


def find_hub(url: str, language: str = "en") -> Hub:
    """Fetch the hub's root; it is worth nothing until its fingerprint was compared."""
    url = url.rstrip("/")
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    )
    if not is_safe or not parts.hostname:
        raise IdentityError(f"{url!r} is no address of a hub: write https://host")
    anyone = ssl.create_default_context()
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE  # nothing secret is said before the fingerprint is right
    _, answer = _ask(f"{url}{API}/authority", anyone)
    try:
        pem = str(answer["certificate"])
        ssl.PEM_cert_to_DER_cert(pem)
    except (KeyError, TypeError, ValueError) as error:
        raise IdentityError(f"{url} answers, but not as a StoreVitals hub does.") from error
    return Hub(url, pem, language)


def is_same(fingerprint: str, given: str) -> bool:
    """Whether what people read agrees, in any grouping; a beginning of 64 bits is enough."""
    digits = re.sub(r"[^0-9A-Fa-f]", "", given).upper()
    return len(digits) >= SHORTEST and fingerprint.startswith(digits)


def enrol(hub: Hub, code: str, folder: Path) -> Identity:
    """Make the key, send the request with the code, keep what comes back."""
    key = ec.generate_private_key(ec.SECP256R1())
    status, answer = hub.post("/enrol", {"code": code, "request": _request(key)})
    if status != 200:
        raise IdentityError(_refusal(answer, "the hub refused the code"))
    return _keep(folder, hub, key, answer)


def renew(folder: Path) -> Identity | None:
    """A new key and certificate by the old one; None while the hub waits for a person."""
    kept = json.loads((folder / "identity.json").read_text("utf-8"))
    hub = Hub(kept["hub"], (folder / "ca.crt").read_text("utf-8"))
    pem = (folder / "agent.pem").read_bytes()
    old = serialization.load_pem_private_key(pem, None)
    if not isinstance(old, ec.EllipticCurvePrivateKey):
        raise IdentityError(f"{folder / 'agent.pem'} has no P-256 key; enrol this agent anew.")
    key = ec.generate_private_key(ec.SECP256R1())
    request = _request(key)
    signature = old.sign(request.encode(), ec.ECDSA(hashes.SHA256()))
    certificate = x509.load_pem_x509_certificates(pem)[0]
    body = {
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "request": request,
        "signature": b64encode(signature).decode(),
    }
    status, answer = hub.post("/renew", body)
    if status == 202:
        return None
    if status != 200:
        raise IdentityError(_refusal(answer, "the hub refused a new certificate"))
    return _keep(folder, hub, key, answer)


def _keep(folder: Path, hub: Hub, key: ec.EllipticCurvePrivateKey, answer: Any) -> Identity:
    starts_at, ends_at = (datetime.fromisoformat(answer[k]) for k in ("starts_at", "ends_at"))
    if x509.load_pem_x509_certificates(answer["certificate"].encode())[0].public_key() != (
        key.public_key()
    ):
        raise IdentityError("the hub answered with a certificate for another key; try again.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    about = {"hub": hub.url, "renew_at": (starts_at + RENEW_AFTER).astimezone(UTC).isoformat()}
    _write(folder / "ca.crt", hub.authority_pem.encode())
    _write(folder / "agent.pem", private + answer["certificate"].encode())
    _write(folder / "identity.json", json.dumps(about).encode())
    return Identity(answer["agent"], answer["group"], answer["broker_url"], ends_at)


def _request(key: ec.EllipticCurvePrivateKey) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "storevitals-agent")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def _ask(
    url: str, context: ssl.SSLContext, body: bytes | None = None, language: str = "en"
) -> tuple[int, Any]:
    """Status and JSON; raises IdentityError where no hub answers."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    headers["Accept-Language"] = language
    request = urllib.request.Request(url, body, headers)  # noqa: S310 https, or this machine
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, _document(error)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise IdentityError(
            f"{urlsplit(url).netloc} does not answer as a hub ({reason}); check the address, "
            "the network and this machine's clock."
        ) from error


def _document(error: urllib.error.HTTPError) -> Any:
    try:
        return json.load(error)
    except ValueError:
        return {}


def _refusal(answer: Any, otherwise: str) -> str:
    told = answer.get("detail") or answer.get("title") if isinstance(answer, dict) else ""
    return f"{told or otherwise}"


def _write(path: Path, data: bytes) -> None:
    """In one step, readable by the owner of the folder alone."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
