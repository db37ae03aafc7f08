"""A small provider of company accounts on a free port: discovery, code with PKCE, signed tokens.

It checks what the standard tells it to check; what it says of people, a test may make a lie.
"""

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "storevitals", "a secret of the client"


@dataclass
class Company:
    """`claims` go over what the token would say; `forge` signs it in another way."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    forge: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser of somebody who is signed in there goes back to."""
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert set(query["scope"].split()) == {"openid", "email"}
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return f"{query['redirect_uri']}?{back}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        who = b64decode(authorization.removeprefix("Basic ")).decode()
        is_sound = (
            asked is not None
            and who == f"{CLIENT}:{SECRET}"
            and form["redirect_uri"] == asked["redirect_uri"]
            and create_s256_code_challenge(form["code_verifier"]) == asked["code_challenge"]
        )
        if asked is None or not is_sound:
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": "of no use",
            "token_type": "Bearer",
            "id_token": self._signed(self._says(asked)),
        }

    def _says(self, asked: Mapping[str, str]) -> dict[str, Any]:
        now = int(time.time())
        said = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        return {**said, "nonce": asked["nonce"], **self.claims}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.forge == "none":
            parts = ({"alg": "none"}, claims)
            texts = [urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
            return ".".join([*texts, ""])
        if self.forge == "HS256":
            public = OctKey.import_key(self.key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": "1"}, claims, public, algorithms=["HS256"])
        if self.forge == "another key":
            other = RSAKey.generate_key(2048, {"kid": "1"})
            return jwt.encode({"alg": "RS256", "kid": "1"}, claims, other)
        return jwt.encode({"alg": "RS256", "kid": str(self.key.kid)}, claims, self.key)


class _Handler(BaseHTTPRequestHandler):
    company: Company

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.company.asked.append(parts.path)
        if parts.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.company.authorize(dict(parse_qsl(parts.query))))
            self.end_headers()
            return
        answers = {
            "/.well-known/openid-configuration": self.company.discovery,
            "/keys": self.company.keys,
        }
        self._say(200, answers[parts.path]())

    def do_POST(self) -> None:
        self.company.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(*self.company.token(dict(parse_qsl(body)), self.headers.get("Authorization", "")))

    def _say(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not into the test's output."""


@contextmanager
def company() -> Iterator[Company]:
    made = Company()
    handler = type("Handler", (_Handler,), {"company": made})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
