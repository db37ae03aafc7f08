"""Where people sign in, as their browsers know it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """What a passkey is bound to: the host, and the origin as browsers write it."""

    host: str
    origin: str

    @property
    def has_passkeys(self) -> bool:
        """Browsers know passkeys by a name over HTTPS, or on localhost; never by an address."""
        is_name = any(c.isalpha() for c in self.host) and ":" not in self.host
        return is_name and (self.origin.startswith("https://") or self.host == "localhost")
