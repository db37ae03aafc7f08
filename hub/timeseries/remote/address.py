"""Where a time-series server is, as its URL says."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from hub.errors import InvalidError, T

_BAD = T("时序数据库地址无效。格式：{form}", "This is no address of a time series. Form: {form}")


@dataclass(frozen=True, slots=True)
class Address:
    """`path` are the parts after the host; user and password may be empty."""

    origin: str
    host: str
    port: int
    user: str
    password: str
    path: tuple[str, ...]

    @staticmethod
    def parse(url: str, port: int, form: str) -> "Address":
        """From `engine://…` (HTTP) or `engine+https://…`; errors never show the password."""
        try:
            split = urlsplit(url)
            host, number = split.hostname, split.port or port
        except ValueError as error:
            raise InvalidError(_BAD.format(form=form)) from error
        if not host or split.query or split.fragment:
            raise InvalidError(_BAD.format(form=form))
        scheme = "https" if split.scheme.endswith("+https") else "http"
        shown = f"[{host}]" if ":" in host else host
        return Address(
            origin=f"{scheme}://{shown}:{number}",
            host=host,
            port=number,
            user=unquote(split.username or ""),
            password=unquote(split.password or ""),
            path=tuple(unquote(part) for part in split.path.split("/") if part),
        )
