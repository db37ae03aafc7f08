"""The hub's own authority (SEC-01, EDG-13): two tiers, private keys, only what may be signed."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.errors import InvalidError
from hub.kit.clock import utc_now
from hub.security.pki import LIFE, Authority, grouped


def request_for(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "storevitals-hub")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "pki")


def test_names_come_from_the_hub_and_not_from_the_request(authority: Authority) -> None:
    issued = authority.sign_agent(request_for(ec.generate_private_key(ec.SECP256R1())), "n-1", "s")
    made = x509.load_pem_x509_certificates(issued.pem.encode())[0]
    assert made.subject.rfc4514_string() == "CN=n-1"
    san = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert san.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:storevitals:store:s"]
    assert issued.ends_at - issued.starts_at == LIFE
    assert authority.is_ours(made)


def test_openssl_agrees_and_refuses_a_revoked_one(authority: Authority, tmp_path: Path) -> None:
    issued = authority.sign_agent(request_for(ec.generate_private_key(ec.SECP256R1())), "n-1", "s")
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(issued.pem)
    verify = ["openssl", "verify", "-crl_check", "-CRLfile", str(authority.folder / "crl.pem")]
    verify += ["-CAfile", str(authority.folder / "ca.pem"), str(leaf)]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
    authority.write_revoked([(issued.serial, utc_now())])
    refused = subprocess.run(verify, capture_output=True, check=False)
    assert b"revoked" in refused.stderr + refused.stdout


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())],
    ids=["rsa", "p384"],
)
def test_other_keys_are_refused(
    authority: Authority, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    with pytest.raises(InvalidError):
        authority.sign_agent(request_for(key), "n-1", "s")


def test_a_forged_request_is_refused(authority: Authority) -> None:
    text = request_for(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(InvalidError):
        authority.sign_agent(text[:120] + "AAAA" + text[124:], "n-1", "s")


def test_keys_are_private_and_the_root_can_be_taken_away(authority: Authority) -> None:
    keys = [*authority.folder.glob("*.key"), authority.issue("storevitals-keeper")]
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    (authority.folder / "root.key").unlink()
    again = Authority.open(authority.folder)
    assert again.fingerprint == authority.fingerprint
    assert again.sign_agent(request_for(ec.generate_private_key(ec.SECP256R1())), "n", "s").serial


def test_own_certificates_stay_while_they_are_young(authority: Authority) -> None:
    first = authority.issue("server", ["hub.example", "127.0.0.1"]).read_bytes()
    assert authority.issue("server", ["hub.example", "127.0.0.1"]).read_bytes() == first
    assert authority.issue("server", ["other.example"]).read_bytes() != first


def test_the_fingerprint_is_read_in_groups() -> None:
    assert grouped("A1B2C3D4E5F60718FFFF") == "A1B2-C3D4-E5F6-0718"
