"""What every answer carries for safety; forms of other sites and huge bodies are refused."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
ONE_YEAR_S = 31_536_000
HSTS = f"max-age={ONE_YEAR_S}; includeSubDomains"
MOST_BODY_BYTES = 1 << 20
MOST_UPLOAD_BYTES = 33 << 20
UPLOADS = ("/import", "/files", "/photos", "/report")  # ends of addresses that take files
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OWN_SITES = ("same-origin", "none")


class SafeHeaders:
    """ASGI middleware. Nothing may be inline: styles come by class, data by attribute.

    Browsers tell by `Sec-Fetch-Site` who sends a request; older ones by `Origin`. Programs send
    neither, and they have no cookie that another site could abuse.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self._app = app
        self._always = {**ALWAYS, "Strict-Transport-Security": HSTS} if is_https else ALWAYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = dict(self._always)
        if not scope["path"].startswith("/static/"):
            own["Cache-Control"] = "no-store"
        safe = _SafeSend(send, own)
        try:
            await self._answer(scope, receive, safe)
        except Exception:
            if not safe.is_begun:  # a bug: the same headers, and nothing of what went wrong
                broken = PlainTextResponse("Something went wrong in the hub.\n", 500)
                await broken(scope, receive, safe)
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope["method"] not in SAFE_METHODS and is_foreign(headers):
            refusal = PlainTextResponse("This form was sent by another site.\n", 403)
            await refusal(scope, receive, send)
            return
        limit = MOST_UPLOAD_BYTES if scope["path"].endswith(UPLOADS) else MOST_BODY_BYTES
        await self._app(scope, _limited(receive, headers, limit), send)


class _SafeSend:
    """Sends on, with our headers on the answer's beginning."""

    def __init__(self, send: Send, own: dict[str, str]) -> None:
        self._send, self._own = send, own
        self.is_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_begun = True
            answer = MutableHeaders(scope=message)
            for name, value in self._own.items():
                answer.setdefault(name, value)
        await self._send(message)


def _limited(receive: Receive, headers: Headers, limit: int) -> Receive:
    """`receive` that answers 413 to a huge body, by its announced length or by what comes."""
    announced = headers.get("content-length", "0")
    came = int(announced) if announced.isdecimal() and int(announced) > limit else 0

    async def receive_limited() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise HTTPException(413)
        return message

    return receive_limited


def is_foreign(headers: Headers) -> bool:
    """Whether another site's page sent this request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in OWN_SITES
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")
