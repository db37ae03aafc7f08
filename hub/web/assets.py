"""Static files: read, hashed and compressed once at start, then served as immutable."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

import hub

DASHBOARDS = Path(hub.__file__).parent.parent / "dashboards"
FOREVER = "public, max-age=31536000, immutable"
COMPRESSED = frozenset({".css", ".js", ".svg", ".json", ".txt", ".webmanifest"})
REQUIRED = "vendor/htmx.js"


@dataclass(frozen=True, slots=True)
class Asset:
    media_type: str
    body: bytes
    gzipped: bytes | None


class Assets:
    """All files under one folder; one hash over all, so that modules may import each other.

    As an ASGI app it is mounted at `/static` and answers `/<hash>/<name>`.
    """

    def __init__(self, folder: Path = DASHBOARDS / "static") -> None:
        files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name[0] != ".")
        self._assets = {p.relative_to(folder).as_posix(): _load(p) for p in files}
        if REQUIRED not in self._assets:
            raise FileNotFoundError(
                f"{folder / REQUIRED} is missing: the build hook makes it; run pip install -e ."
            )
        digest = hashlib.sha256()
        for name, asset in self._assets.items():
            digest.update(name.encode() + asset.body)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where `name` is served; an unknown name is a mistake in a template."""
        if name not in self._assets:
            raise KeyError(f"no static file {name}")
        return f"/static/{self.version}/{name}"

    def body(self, name: str) -> bytes:
        return self._assets[name].body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        version, _, name = scope["path"].removeprefix("/static/").partition("/")
        asset = self._assets.get(name)
        if asset is None or scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("not found\n", 404)
        headers = {"Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
        headers["Cache-Control"] = FOREVER if version == self.version else "no-cache"
        body = asset.body
        if asset.gzipped and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = asset.gzipped
        return Response(body, media_type=asset.media_type, headers=headers)


def _load(path: Path) -> Asset:
    body = _bare(path)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type == "application/javascript":  # what older systems call it
        media_type = "text/javascript"
    is_text = path.suffix in COMPRESSED
    return Asset(media_type, body, gzip.compress(body, 9, mtime=0) if is_text else None)


def _bare(path: Path) -> bytes:
    """The bytes that are served: comments of ours, and the indent of styles, stay in the source."""
    body = path.read_bytes()
    if path.suffix == ".css":
        return re.sub(rb"\s*\n\s*", b"\n", re.sub(rb"/\*.*?\*/", b"", body, flags=re.DOTALL))
    is_ours = path.suffix == ".js" and path.parent.name != "vendor"
    return re.sub(rb"(?m)^\s*//.*\n", b"", body) if is_ours else body
