"""/ca: how the phones and PCs of a shop come to trust the hub's own certificate.

Open to everybody, also over plain HTTP, for whoever comes here does not trust the hub yet. What
makes it safe is the fingerprint, which people compare with the one that setup printed.
"""

import plistlib
from hashlib import sha1
from re import findall
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter
from starlette.responses import Response

from hub.errors import NotFoundError, T
from hub.security.pki import Authority, grouped
from hub.web.deps import Hub
from hub.web.services import Services
from hub.web.systems import own_first
from hub.web.views import PublicView

router = APIRouter(include_in_schema=False)
NAME = "StoreVitals Root CA"
_NONE = T(
    "这个中心没有自己的证书机构，不需要安装证书。",
    "This hub has no authority of its own; there is nothing to install.",
)


@router.get("/ca")
def show(view: PublicView, services: Hub) -> Response:
    """The steps of every system, the visitor's own first."""
    authority = _authority(services)
    root, mark = authority.root, authority.fingerprint
    return view.page(
        "trust.html",
        systems=own_first(view.request.headers.get("user-agent", "")),
        short=grouped(mark),
        sha256=_pairs(mark),
        sha1=_pairs(sha1(_der(root), usedforsecurity=False).hexdigest().upper()),
        url=services.settings.base_url,
        until=root.not_valid_after_utc.date(),
    )


@router.get("/ca/storevitals-root.crt")
def certificate(services: Hub) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="storevitals-root.crt"'}
    return Response(_der(_authority(services).root), 200, headers, "application/x-x509-ca-cert")


@router.get("/ca/storevitals.mobileconfig")
def profile(services: Hub) -> Response:
    """What iPhone, iPad and Mac take as one piece."""
    authority = _authority(services)
    ours = f"storevitals.{authority.fingerprint[:16].lower()}"
    inner = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{ours}.root",
        "PayloadUUID": str(uuid5(NAMESPACE_URL, f"{ours}.root")).upper(),
        "PayloadDisplayName": NAME,
        "PayloadContent": _der(authority.root),
    }
    outer = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": ours,
        "PayloadUUID": str(uuid5(NAMESPACE_URL, ours)).upper(),
        "PayloadDisplayName": "StoreVitals 门店健康档案",
        "PayloadDescription": services.settings.base_url,
        "PayloadContent": [inner],
    }
    return Response(plistlib.dumps(outer), media_type="application/x-apple-aspen-config")


def _authority(services: Services) -> Authority:
    if services.enrolment is None:
        raise NotFoundError(_NONE)
    return services.enrolment.authority


def _der(root: x509.Certificate) -> bytes:
    return root.public_bytes(Encoding.DER)


def _pairs(mark: str) -> str:
    return " ".join(findall("..", mark))
