"""Seals and opens single values: AES-256-GCM, bound to the place where they lie.

A sealed value reads `v1|<number of the key>|<nonce and ciphertext in base64>`. What authenticates
it is `table.column|row|number of the key`, so it opens in no other row or column.
"""

import hashlib
import hmac
import secrets
import threading
import time
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import HubError, NotFoundError, T
from hub.kit.records.ports import Place
from hub.security.vault.keys import DataKey, KeyStore, Use
from hub.security.vault.master import NONCE_BYTES

K = TypeVar("K")

VERSION = "v1"
FIELDS, AUDIT, SUBJECT, INDEX = "fields", "audit", "subject", "index"
AUDIT_TABLES = frozenset({"changes"})  # rows that are never rewritten
ASK_AGAIN_S = 5.0  # how long another process's change of keys may go unnoticed
KEPT_KEYS = 20_000
INDEX_BYTES = 16


class ErasedError(NotFoundError):
    """The key is destroyed: the person asked for erasure, or the value was kept long enough."""

    def __init__(self) -> None:
        super().__init__(
            T("内容已按要求删除，无法恢复。", "This was erased and cannot be brought back.")
        )


class UnreadableError(HubError):
    """The sealed value was changed, or moved from another row."""

    def __init__(self, place: Place) -> None:
        where = f"{place.table}.{place.column} {place.row_id}"
        super().__init__(
            T(
                "密文被改动或不属于这里（{where}），请运行 storevitals-hub doctor。",
                "A sealed value was changed or does not belong here ({where}); run "
                "storevitals-hub doctor.",
            ).format(where=where)
        )


@dataclass(frozen=True, slots=True, repr=False)
class _Ready:
    """A key with its cipher, and until when it may be used without asking the store."""

    key: DataKey
    cipher: AESGCM
    until: float


class Vault:
    """Safe from any thread; unwrapped keys are in memory alone."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._active: OrderedDict[Use, _Ready] = OrderedDict()
        self._by_id: OrderedDict[int, _Ready] = OrderedDict()

    def seal(self, place: Place, text: str) -> str:
        """`text` for this place only."""
        ready = self._sealing(_use_for(place))
        nonce = secrets.token_bytes(NONCE_BYTES)
        body = nonce + ready.cipher.encrypt(nonce, text.encode(), _about(place, ready.key.id))
        return _written(ready.key.id, body)

    def open(self, place: Place, sealed: str) -> str:
        """The text; ErasedError when its key is destroyed, UnreadableError when it was changed."""
        key_id, body = _taken_apart(place, sealed)
        ready = self._opening(key_id)
        if ready.key.use.chain_id != place.chain_id:
            raise UnreadableError(place)
        nonce, text = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return ready.cipher.decrypt(nonce, text, _about(place, key_id)).decode()
        except (InvalidTag, ValueError) as error:
            raise UnreadableError(place) from error

    def blind(self, chain_id: UUID, column: str, text: str) -> str:
        """What equal values of a column share, for exact look-up: 32 hex digits.

        `column` is `table.column`, `text` in its one normal form. Never for columns with few
        values, such as a diagnosis: their frequencies would tell.
        """
        ready = self._sealing(Use(chain_id, f"{INDEX}:{column}"))
        return hmac.digest(ready.key.secret, text.encode(), hashlib.sha256)[:INDEX_BYTES].hex()

    def shred(self, chain_id: UUID, subject_id: UUID) -> int:
        """Destroy a person's own keys: all that they sealed is gone, in every backup as well."""
        found = self._store.destroy_subject(chain_id, subject_id)
        self.forget()
        return found

    @property
    def keys(self) -> KeyStore:
        """Where the keys lie, for what else is made of them."""
        return self._store

    def forget(self) -> None:
        """Ask the store for every key anew."""
        with self._lock:
            self._active.clear()
            self._by_id.clear()

    def _sealing(self, use: Use) -> _Ready:
        ready = self._active.get(use)
        if ready is not None and ready.until > time.monotonic():
            return ready
        return self._kept(self._active, use, self._store.active(use))

    def _opening(self, key_id: int) -> _Ready:
        ready = self._by_id.get(key_id)
        if ready is not None and ready.until > time.monotonic():
            return ready
        key = self._store.find(key_id)
        if key is None:
            raise ErasedError
        return self._kept(self._by_id, key_id, key)

    def _kept(self, where: OrderedDict[K, _Ready], name: K, key: DataKey) -> _Ready:
        ready = _Ready(key, AESGCM(key.secret), time.monotonic() + ASK_AGAIN_S)
        with self._lock:
            where[name] = ready
            where.move_to_end(name)
            if len(where) > KEPT_KEYS:
                where.popitem(last=False)
        return ready


def key_id_of(sealed: str) -> int | None:
    """The number of the key that sealed a value; None when it is no sealed value."""
    version, _, rest = sealed.partition("|")
    number = rest.partition("|")[0]
    return int(number) if version == VERSION and number.isdecimal() else None


def _use_for(place: Place) -> Use:
    if place.subject_id is not None:
        return Use(place.chain_id, SUBJECT, place.subject_id)
    return Use(place.chain_id, AUDIT if place.table in AUDIT_TABLES else FIELDS)


def _about(place: Place, key_id: int) -> bytes:
    return f"{place.table}.{place.column}|{place.row_id.hex}|{key_id}".encode()


def _taken_apart(place: Place, sealed: str) -> tuple[int, bytes]:
    """Number of the key, nonce and ciphertext; a value has one form only."""
    key_id = key_id_of(sealed)
    if key_id is None:
        raise UnreadableError(place)
    try:
        body = a2b_base64(sealed.rpartition("|")[2], strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise UnreadableError(place) from error
    if sealed != _written(key_id, body):
        raise UnreadableError(place)
    return key_id, body


def _written(key_id: int, body: bytes) -> str:
    return f"{VERSION}|{key_id}|{b2a_base64(body, newline=False).decode()}"
