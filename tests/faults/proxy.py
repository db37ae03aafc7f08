"""The shipped nginx configuration on free ports, in front of a hub."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
PATIENCE_S = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "hub.crt", folder / "hub.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return cert_file, key_file


@contextmanager
def proxy(folder: Path, hub_port: int) -> Iterator[int]:
    """nginx with every line of the shipped file but ports and paths; yields its HTTPS port."""
    cert_file, key_file = certificate(folder)
    port, plain_port = free_port(), free_port()
    text = SHIPPED.read_text("utf-8")
    changes = {
        r"^user .*$": "",
        r"/run/nginx\.pid": str(folder / "nginx.pid"),
        r"/var/log/nginx/": f"{folder}/",
        r"127\.0\.0\.1:8080": f"127.0.0.1:{hub_port}",
        r"listen 80;": f"listen 127.0.0.1:{plain_port};",
        r"listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2 backlog=4096;",
        r"ssl_certificate /etc/storevitals/tls/server\.pem": f"ssl_certificate {cert_file}",
        r"ssl_certificate_key /etc/storevitals/tls/server\.pem": f"ssl_certificate_key {key_file}",
    }
    for found, instead in changes.items():
        text, count = re.subn(found, instead, text, flags=re.MULTILINE)
        assert count, f"{SHIPPED.name} has no {found} any more"
    config = folder / "nginx.conf"
    config.write_text(text, "utf-8")
    started = subprocess.Popen(["nginx", "-c", config, "-p", folder, "-g", "daemon off;"])
    try:
        _wait(port)
        yield port
    finally:
        started.terminate()
        started.wait(PATIENCE_S)


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx did not start within 10 s.")
