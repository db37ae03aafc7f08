"""The dossier of a store: one PDF of all that the asker may see of it, noted as an export."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.analytics.cold_chain import AIR
from hub.archive.stores.records import Store
from hub.kit.asker import bind_asker
from hub.kit.records.access import load
from hub.kit.records.log import ChangeLog
from hub.web.deps import CurrentUser, From, Hub, asker_for
from hub.web.dossier.content import Dossier
from hub.web.exchange.downloads import attachment
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)
PDF = "application/pdf"


@router.get("/stores/{id}/dossier.pdf")
def download_dossier(
    view: CurrentView, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> Response:
    from hub.web.dossier.document import Document  # noqa: PLC0415  # only who asks for one pays

    asker = asker_for(actor, origin)
    with services.db.read(actor.scope) as session:
        bind_asker(session, asker)
        store = load(session, Store, id)
        known = services.registry.of_store(store.id)
        air = {one.device: one.id for one in known if one.metric == AIR}
        about = Dossier(store, session, actor, view.language, view.now)
        data = Document(about, services.timeseries, air).pdf()
        name = f"{store.code}-{view.now.astimezone(about.zone):%Y-%m-%d}.pdf"
    told = {"rows": 1, "format": "pdf", "filter": [], "q": ""}
    with services.db.write(actor.scope) as session:
        bind_asker(session, asker)
        session.add(
            ChangeLog(
                store_id=id,
                record_type=Store.__tablename__,
                record_id=id,
                action="export",
                values={key: [None, value] for key, value in told.items()},
                asker_id=asker.user_id,
                asker_name=asker.name,
                address=asker.address,
            )
        )
    return Response(data, media_type=PDF, headers=attachment(name))
