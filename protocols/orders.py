"""What the hub may order of an agent, and what the agent answers; pure.

An order is JSON text, signed by the hub. It travels as the node metric `Node Control/Order`; the
answer is a document of the journal, so none is lost and none counts twice.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from protocols.errors import FrameError

ORDER = "Node Control/Order"
RESULT = "order_result"
DESCRIPTION = "self_description"
SELF_TEST = "self_test_report"
DOCUMENTS = (RESULT, DESCRIPTION, SELF_TEST)
SIGNER = "storevitals-orders"
"""The name in the certificate that may sign orders."""
LONGEST = 256 << 10


class Verb(StrEnum):
    """All that can be ordered; an agent does nothing else."""

    CONFIGURE = "configure"  # text: the whole of agent.toml
    UPDATE = "update"  # version, sha256, size: of a bundle that the hub serves
    RESTART = "restart"
    CHECK = "check"  # a self-test report comes back


class Outcome(StrEnum):
    """What became of an order; the last three end it, and so does DONE."""

    BEGUN = "begun"
    ON_TRIAL = "on_trial"  # it runs and has to prove itself
    DONE = "done"
    REFUSED = "refused"  # nothing was done
    FAILED = "failed"  # nothing has changed
    RETURNED = "returned"  # it did not prove itself: what was before runs again

    @property
    def is_final(self) -> bool:
        return self not in (Outcome.BEGUN, Outcome.ON_TRIAL)


@dataclass(frozen=True, slots=True)
class Order:
    """`id` is given once; `arguments` as the verb says; times in ms since 1970, UTC."""

    id: str
    agent: str
    verb: Verb
    arguments: Mapping[str, str | int]
    issued_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """`text` is the order as it was signed (ECDSA with SHA-256, base64 in `signature`);
    `certificate` is the signer's with its chain, PEM."""

    text: str
    signature: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Result:
    """`zh` and `en` are the sentence for people."""

    order: str
    outcome: Outcome
    zh: str
    en: str


def encode(document: Order | SignedOrder | Result) -> str:
    return json.dumps(asdict(document), ensure_ascii=False, sort_keys=True)


def parse_order(text: str) -> Order:
    """Raises FrameError."""
    found = _object(text)
    try:
        arguments = {str(k): v for k, v in found["arguments"].items() if isinstance(v, str | int)}
        verb = Verb(found["verb"])
        times = int(found["issued_ms"]), int(found["expires_ms"])
        return Order(str(found["id"]), str(found["agent"]), verb, arguments, *times)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise FrameError(f"{text[:60]!r} is no order: {error!r}.") from error


def parse_signed(text: str) -> SignedOrder:
    """Raises FrameError."""
    found = _object(text)
    try:
        return SignedOrder(*(str(found[key]) for key in ("text", "signature", "certificate")))
    except KeyError as error:
        raise FrameError(f"The signed order has no {error}.") from error


def parse_result(text: str) -> Result:
    """Raises FrameError."""
    found = _object(text)
    try:
        outcome = Outcome(found["outcome"])
        return Result(str(found["order"]), outcome, str(found["zh"]), str(found["en"]))
    except (KeyError, ValueError) as error:
        raise FrameError(f"{text[:60]!r} is no answer to an order: {error!r}.") from error


def _object(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise FrameError(f"A document of {len(text)} characters; at most {LONGEST} are taken.")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise FrameError(f"{text[:60]!r} is no JSON: {error}.") from error
    if not isinstance(found, dict):
        raise FrameError(f"{text[:60]!r} is no JSON object.")
    return found
