"""What the hub and a provider of company accounts tell each other at one sign-in."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub.errors import HubError, T

_AWAY = T(
    "公司账号服务 {host} 没有正常应答：{why}。可以先用密码登录。",
    "The company account service {host} did not answer as it should: {why}. Use your password.",
)
Demand = Callable[[str], None]
"""Raises where the hub may not speak to this host."""


class ProviderError(HubError):
    """The provider is away, or what it said cannot be believed."""

    status = 502

    def __init__(self, url: str, why: str) -> None:
        super().__init__(_AWAY.format(host=urlsplit(url).hostname or url, why=why))


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows the hub by; `back` is the hub's address of return."""

    issuer: str
    client_id: str
    secret: str
    back: str


@dataclass(frozen=True, slots=True)
class Journey:
    """What belongs to one sign-in: known to this browser alone until the code comes back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of the one who signed in."""

    subject: str
    email: str
    is_verified: bool
