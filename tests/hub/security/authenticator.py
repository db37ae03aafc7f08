"""A passkey in software (WebAuthn level 2, ES256, no attestation): what a phone would answer."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


class Authenticator:
    """One credential; `count` grows at each use."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.count = 0

    def register(self, challenge: bytes, host: str, origin: str) -> str:
        public = self._key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: public.x.to_bytes(32, "big"),
            -3: public.y.to_bytes(32, "big"),
        }
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        data = self._data(host, _PRESENT | _VERIFIED | _HAS_KEY) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", challenge, origin)
        return self._credential(
            {"clientDataJSON": _text(client), "attestationObject": _text(attestation)}
        )

    def answer(self, challenge: bytes, host: str, origin: str) -> str:
        self.count += 1
        data = self._data(host, _PRESENT | _VERIFIED)
        client = self._client("webauthn.get", challenge, origin)
        signed = data + hashlib.sha256(client).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": _text(client),
                "authenticatorData": _text(data),
                "signature": _text(signature),
            }
        )

    def _data(self, host: str, flags: int) -> bytes:
        counter = self.count.to_bytes(4, "big")
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + counter

    @staticmethod
    def _client(type: str, challenge: bytes, origin: str) -> bytes:
        told = {"type": type, "challenge": _text(challenge), "origin": origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _credential(self, response: dict[str, str]) -> str:
        name = _text(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
