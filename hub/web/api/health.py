"""/health and /metrics: for watchdogs, load balancers and Prometheus."""

import logging
from importlib.metadata import version

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel

from hub.kit.clock import utc_now
from hub.web.deps import Hub, require
from hub.web.measures import Measures

log = logging.getLogger(__name__)
router = APIRouter(tags=["health"])


class Liveness(BaseModel):
    status: str
    version: str
    at: str


class Readiness(BaseModel):
    """`parts` says "ok" or "failed" for each part of the hub."""

    status: str
    parts: dict[str, str]


@router.get("/health", operation_id="get_health")
def get_health() -> Liveness:
    """Open to everybody: the process answers."""
    return Liveness(status="ok", version=version("storevitals"), at=utc_now().isoformat())


@router.get("/health/ready", operation_id="get_readiness", responses={503: {"model": Readiness}})
def get_readiness(services: Hub, response: Response) -> Readiness:
    """Open to everybody: 503 while a part is not well; why is in the log."""
    parts = {}
    for name, check in services.checks.items():
        try:
            check()
            parts[name] = "ok"
        except Exception:
            log.warning("The health check of %s failed", name, exc_info=True)
            parts[name] = "failed"
    is_ready = "failed" not in parts.values()
    response.status_code = 200 if is_ready else 503
    response.headers["Cache-Control"] = "no-store"
    return Readiness(status="ok" if is_ready else "failed", parts=parts)


@router.get(
    "/metrics",
    operation_id="get_metrics",
    dependencies=[require("metrics.read")],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(services: Hub) -> Response:
    """Prometheus text format, with a bearer token."""
    own = CollectorRegistry()
    own.register(Measures(services))
    return Response(generate_latest() + generate_latest(own), media_type=CONTENT_TYPE_LATEST)
