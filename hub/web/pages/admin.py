"""Administration: which agents speak, who may sign in, what runs."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.archive.stores.records import Store
from hub.errors import T
from hub.ingest.tables import NodeState
from hub.kit.db import ScopedSession
from hub.kit.records import query as records
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.language import Language, say
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("users.read")])
STATES = {
    NodeState.NEW: (T("还没有上报", "not heard yet"), "low"),
    NodeState.ONLINE: (T("在线", "online"), "ok"),
    NodeState.OFFLINE: (T("离线", "offline"), "high"),
    NodeState.QUARANTINED: (T("已隔离", "quarantined"), "critical"),
}


@dataclass(frozen=True, slots=True)
class AgentLine:
    """An edge node and how it is."""

    name: str
    store_id: UUID
    store: str
    state: str
    severity: str
    heard_at: datetime | None


@router.get("/admin")
def show(view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser) -> Response:
    return view.page(
        "admin.html",
        agents=agents(session, services, view.language) if actor.may("agents.read") else None,
        version=version("storevitals"),
        engine=services.settings.timeseries_url.partition(":")[0],
        database="SQLite" if services.db.is_sqlite else "PostgreSQL",
    )


def agents(session: ScopedSession, services: Services, language: Language) -> list[AgentLine]:
    """Those of the stores that the visitor sees."""
    found = records.rows(session, Store, records.Query(sort="code", size=records.MAX_SIZE))
    names = {store.id: store.name for store in found.items}
    return [
        AgentLine(
            name=str(node),
            store_id=node.store_id,
            store=names[node.store_id],
            state=say(language, STATES[node.state][0]),
            severity=STATES[node.state][1],
            heard_at=node.heard_at,
        )
        for node in services.registry.nodes()
        if node.store_id in names
    ]
