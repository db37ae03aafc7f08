"""What guards a running hub: the vault, the keys that are looked after, the audit's sealer."""

from datetime import timedelta
from uuid import UUID

from hub.live import Event, EventKind
from hub.sealed_columns import SEALED_COLUMNS
from hub.security.audit.chain import AuditChain
from hub.security.audit.sealer import Sealer
from hub.security.audit.watch import Watch
from hub.security.vault.care import KeyCare
from hub.security.vault.opening import Strongroom, open_vault
from hub.security.vault.rotation import Rotation
from hub.settings import HubSettings
from hub.web.rendering import DEFAULT_ZONE
from hub.web.services import Services


def open_strongroom(settings: HubSettings) -> Strongroom:
    file = settings.master_key_file or settings.data_dir / "master.key"
    return open_vault(settings.keys_url, settings.master_key.get_secret_value(), file)


def key_care(services: Services, room: Strongroom) -> KeyCare:
    rotation = Rotation(services.db, room.keys, room.vault, SEALED_COLUMNS)
    return KeyCare(room.keys, rotation, timedelta(days=services.settings.key_life_days))


def audit_sealer(services: Services, room: Strongroom) -> Sealer:
    """The audit's sealer with its watch; administrators' pages hear of findings."""

    def tell(chain_id: UUID) -> None:
        services.live.publish(Event(EventKind.RECORD, chain_id, {"type": "audit"}))

    chain = AuditChain(services.db, room.keys)
    return Sealer(chain, Watch(services.db, DEFAULT_ZONE, tell))
