"""/worker.js: the script that keeps today's work orders on a phone."""

from fastapi import APIRouter
from starlette.responses import Response

from hub.web.deps import Hub

router = APIRouter(include_in_schema=False)


@router.get("/worker.js")
def worker(services: Hub) -> Response:
    """Asked again at each visit, so that a new one takes over."""
    body = services.templates.assets.body("worker.js")
    return Response(body, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
