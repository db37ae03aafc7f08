"""The hub's own certificate authority, in two tiers: a root, and below it the one that signs.

The root's key is used once, when the authority is made; `root.key` may then be moved to a safe and
is not missed until the issuing certificate ends. All keys are P-256, in files of mode 0600.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.errors import InvalidError, T
from hub.kit.clock import utc_now

ROOT_LIFE = timedelta(days=20 * 365)
ISSUING_LIFE = timedelta(days=10 * 365)
LIFE = timedelta(days=90)
RENEW_AFTER = timedelta(days=60)
LIST_LIFE = timedelta(days=365)  # of the revocation list, which is written anew each day
SKEW = timedelta(minutes=10)  # a Pi's clock may be behind ours
STORE_URN = "urn:storevitals:store:"
_NO_REQUEST = T(
    "这不是一份有效的 P-256 证书请求。", "This is no valid certificate request with a P-256 key."
)
_NOT_OURS = T("这张证书不是本中心签发的。", "This certificate was not issued by this hub.")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with the chain up to the root, as PEM."""

    pem: str
    serial: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs for agents, for the broker and for the hub itself."""

    folder: Path
    root: x509.Certificate
    issuing: x509.Certificate
    _key: ec.EllipticCurvePrivateKey

    @classmethod
    def open(cls, folder: Path) -> "Authority":
        """The authority of this folder; it is made where there is none yet."""
        if not (folder / "issuing.crt").exists():
            _make(folder)
        key = serialization.load_pem_private_key((folder / "issuing.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{folder / 'issuing.key'} is no P-256 key")
        root, issuing = (_load(folder / f"{name}.crt") for name in ("root", "issuing"))
        return cls(folder, root, issuing, key)

    @property
    def root_pem(self) -> str:
        return _pem(self.root)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root, in upper-case hex."""
        return self.root.fingerprint(hashes.SHA256()).hex().upper()

    def sign_agent(self, request_pem: str, name: str, store_id: object) -> Issued:
        """Only the key of the request counts: the names are ours. Raises InvalidError."""
        key = self.demand_request(request_pem)
        alternative = [x509.UniformResourceIdentifier(f"{STORE_URN}{store_id}")]
        return self._sign(key, name, alternative, ExtendedKeyUsageOID.CLIENT_AUTH)

    def demand_request(self, request_pem: str) -> ec.EllipticCurvePublicKey:
        """The key that asks for a certificate and has signed so. Raises InvalidError."""
        try:
            request = x509.load_pem_x509_csr(request_pem.encode())
            key = request.public_key()
            is_sound = request.is_signature_valid
        except ValueError as error:
            raise InvalidError(_NO_REQUEST) from error
        if not isinstance(key, ec.EllipticCurvePublicKey) or not is_sound:
            raise InvalidError(_NO_REQUEST)
        if not isinstance(key.curve, ec.SECP256R1):
            raise InvalidError(_NO_REQUEST)
        return key

    def issue(self, name: str, hosts: Iterable[str] = ()) -> Path:
        """A key and its certificate for the hub's own use, in one file `<name>.pem`.

        With `hosts` it is a server's certificate. Made anew at two thirds of its life.
        """
        path = self.folder / f"{name}.pem"
        hosts = list(hosts)
        if path.exists() and self._is_fresh(path, hosts):
            return path
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        alternative = [_host(host) for host in hosts]
        issued = self._sign(key.public_key(), hosts[0] if hosts else name, alternative, usage)
        _write(path, _key_pem(key) + issued.pem.encode())
        return path

    def is_ours(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self.issuing)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def prove(self, certificate_pem: str, signed: bytes, signature: bytes) -> str:
        """The serial of a certificate of ours whose key made `signature`. Raises InvalidError."""
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
            key = certificate.public_key()
            if not self.is_ours(certificate) or not isinstance(key, ec.EllipticCurvePublicKey):
                raise InvalidError(_NOT_OURS)
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except (ValueError, InvalidSignature) as error:
            raise InvalidError(_NOT_OURS) from error
        return f"{certificate.serial_number:x}"

    def write_revoked(self, revoked: Iterable[tuple[str, datetime]]) -> None:
        """Write `crl.pem`: the serials that nobody may come with any more."""
        now = utc_now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.issuing.subject)
            .last_update(now - SKEW)
            .next_update(now + LIST_LIFE)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        )
        for serial, at in revoked:
            entry = x509.RevokedCertificateBuilder(int(serial, 16), at)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(self._key, hashes.SHA256())
        _write(self.folder / "crl.pem", signed.public_bytes(serialization.Encoding.PEM), 0o644)

    def _is_fresh(self, path: Path, hosts: list[str]) -> bool:
        found = x509.load_pem_x509_certificates(path.read_bytes())[0]
        names = _alternative(found) if hosts else []
        is_young = utc_now() < found.not_valid_before_utc + RENEW_AFTER
        return is_young and self.is_ours(found) and names == [_host(host) for host in hosts]

    def _sign(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        alternative: Sequence[x509.GeneralName],
        usage: x509.ObjectIdentifier,
    ) -> Issued:
        builder = _builder(name, self.issuing.subject, key, LIFE)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if alternative:
            names = x509.SubjectAlternativeName(alternative)
            builder = builder.add_extension(names, critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(_public(self.issuing))
        made = builder.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())
        chain = _pem(made) + _pem(self.issuing)
        return Issued(
            chain,
            f"{made.serial_number:x}",
            made.not_valid_before_utc + SKEW,
            made.not_valid_after_utc,
        )


def ends_at(path: Path) -> datetime:
    """Until when the first certificate of a file is good."""
    return x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc


def grouped(fingerprint: str) -> str:
    """The first 64 bits as people compare them: `A1B2-C3D4-E5F6-0718`."""
    return "-".join(re.findall("....", fingerprint[:16]))


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = _name("StoreVitals Root CA")
    root = _authority("StoreVitals Root CA", name, root_key.public_key(), ROOT_LIFE, 1)
    issuing = _authority("StoreVitals Issuing CA", name, key.public_key(), ISSUING_LIFE, 0)
    _write(folder / "root.key", _key_pem(root_key))
    _write(folder / "issuing.key", _key_pem(key))
    made = root.sign(root_key, hashes.SHA256())
    below = issuing.sign(root_key, hashes.SHA256())
    _write(folder / "root.crt", _pem(made).encode(), 0o644)
    _write(folder / "ca.pem", (_pem(below) + _pem(made)).encode(), 0o644)
    _write(folder / "issuing.crt", _pem(below).encode(), 0o644)
    Authority.open(folder).write_revoked(())


def _authority(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta, depth: int
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(name, issuer, key, life)
    builder = builder.add_extension(x509.BasicConstraints(True, depth), critical=True)
    return builder.add_extension(usage, critical=True)


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = utc_now().replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _public(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the authority's key is no P-256 key")
    return key


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _alternative(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(found.value)


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """In one step: whoever reads it meanwhile has the old or the new file."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
