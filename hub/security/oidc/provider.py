"""A provider of company accounts as the hub speaks to it: discovery, code with PKCE, ID token.

authlib and joserfc do the standard's part; this says what is demanded of every answer: addresses
that the hub may speak to, an issuer that is itself, signatures of the allowed kinds by keys that
the provider publishes, our client as the audience, our nonce.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from hub.errors import HubError
from hub.security.oidc.journey import Claims, Client, Demand, Journey, ProviderError

ALGORITHMS = ("RS256", "PS256", "ES256")
TIMEOUT_S = 8.0
LEEWAY_S = 60
KEPT_S = 3600.0
AGAIN_S = 60.0  # how soon keys are asked for anew when one is unknown
AWAY_S = 15.0  # how long who did not answer is not asked again
AT_ONCE, TURN_S = 4, 2.0  # sign-ins that may wait for a provider at once
MOST_BYTES = 256 * 1024


@dataclass(slots=True)
class _Kept:
    """What an issuer said of itself, and its keys, with the times of asking."""

    metadata: Mapping[str, str]
    asked_at: float
    keys: KeySet | None = None
    keys_at: float = 0.0


class Provider:
    """Any thread. `demand` guards every address, the discovered ones too."""

    def __init__(self, demand: Demand) -> None:
        self._demand = demand
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._away: dict[str, tuple[float, ProviderError]] = {}
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def way_there(self, client: Client, journey: Journey) -> str:
        """Where the browser goes to sign in; ProviderError when the issuer is away."""
        with self._session(client) as session:
            url, _ = session.create_authorization_url(
                self._metadata(client.issuer)["authorization_endpoint"],
                state=journey.state,
                nonce=journey.nonce,
                code_verifier=journey.verifier,
            )
        return str(url)

    def claims(self, client: Client, journey: Journey, code: str) -> Claims:
        """Who came back with this code; ProviderError when any of it is not right."""
        metadata = self._metadata(client.issuer)
        url = metadata["token_endpoint"]
        self._check(url)
        if not self._turns.acquire(timeout=TURN_S):
            raise ProviderError(url, "too many wait for it")
        try:
            with self._session(client) as session:
                answer = session.fetch_token(
                    url,
                    code=code,
                    code_verifier=journey.verifier,
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                )
            return self._believed(client, journey, str(answer["id_token"]))
        except KeyError as error:
            raise ProviderError(url, "no ID token") from error
        except (AuthlibBaseError, JoseError, ValueError, requests.RequestException) as error:
            raise ProviderError(url, type(error).__name__) from error
        finally:
            self._turns.release()

    def _believed(self, client: Client, journey: Journey, token: str) -> Claims:
        found = jwt.decode(token, self._keys(client.issuer, token), algorithms=list(ALGORITHMS))
        options = {
            "iss": {"essential": True, "value": client.issuer},
            "aud": {"essential": True, "value": client.client_id},
        }
        params = {"nonce": journey.nonce, "client_id": client.client_id}
        claims = CodeIDToken(found.claims, found.header, options, params)
        claims.validate(leeway=LEEWAY_S)
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise ValueError("sub")
        email, is_verified = claims.get("email"), claims.get("email_verified")
        return Claims(claims["sub"], email if isinstance(email, str) else "", is_verified is True)

    @staticmethod
    def _session(client: Client) -> OAuth2Session:
        return OAuth2Session(
            client.client_id,
            client.secret,
            scope="openid email",
            redirect_uri=client.back,
            code_challenge_method="S256",
        )

    def _metadata(self, issuer: str) -> Mapping[str, str]:
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(issuer)
            if kept is None or now - kept.asked_at > KEPT_S:
                kept = _Kept(self._asked(issuer, now), now)
                self._kept[issuer] = kept
            return kept.metadata

    def _asked(self, issuer: str, now: float) -> Mapping[str, str]:
        """Who is away is not asked again at once: those who wait would take the pages' threads."""
        until, error = self._away.get(issuer, (0.0, None))
        if error is not None and now < until:
            raise error
        try:
            return self._discovered(issuer)
        except ProviderError as error:
            self._away[issuer] = (now + AWAY_S, error)
            raise

    def _discovered(self, issuer: str) -> Mapping[str, str]:
        said = self._get(get_well_known_url(issuer, external=True))
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        found = {name: str(said.get(name) or "") for name in wanted}
        if said.get("issuer") != issuer:
            raise ProviderError(issuer, "it names another issuer")
        for url in found.values():
            self._check(url)
        return found

    def _keys(self, issuer: str, token: str) -> KeySet:
        """The published keys; asked for anew when the token names one that is not among them."""
        url, now = self._metadata(issuer)["jwks_uri"], time.monotonic()
        with self._lock:
            kept = self._kept[issuer]
            is_old = kept.keys is None or now - kept.keys_at > KEPT_S
            if is_old or (now - kept.keys_at > AGAIN_S and not _has(kept.keys, token)):
                said = self._get(url)
                public = [k for k in said.get("keys", ()) if k.get("kty") in ("RSA", "EC")]
                kept.keys, kept.keys_at = KeySet.import_key_set({"keys": public}), now
            if kept.keys is None:
                raise ProviderError(url, "no keys")
            return kept.keys

    def _get(self, url: str) -> dict[str, Any]:
        self._check(url)
        try:
            answer = requests.get(url, timeout=TIMEOUT_S, allow_redirects=False, stream=True)
            body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
            answer.close()
            if answer.status_code != 200 or len(body) > MOST_BYTES:
                raise ProviderError(url, f"HTTP {answer.status_code}")
            said = json.loads(body)
        except (requests.RequestException, ValueError) as error:
            raise ProviderError(url, type(error).__name__) from error
        if not isinstance(said, dict):
            raise ProviderError(url, "no JSON object")
        return said

    def _check(self, url: str) -> None:
        """Only HTTPS, or plain HTTP to a host that was named; ProviderError otherwise."""
        try:
            self._demand(url)
        except HubError as error:
            raise ProviderError(url, error.text.en) from error


def _has(keys: KeySet | None, token: str) -> bool:
    """Whether the key that the token's header names is known; a broken token needs no new keys."""
    try:
        wanted = extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError):
        return True
    return keys is not None and any(key.kid == wanted for key in keys.keys)
