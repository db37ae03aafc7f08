"""What a request may need of the running hub; built once by `hub.app`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hub.alerts.notices.services import AllowedHosts
from hub.errors import T
from hub.kit.db import Database, ScopedSession
from hub.kit.exchange.exporting import Export, ExportApproval
from hub.kit.files.service import Files
from hub.security.oidc.door import CompanyDoor
from hub.security.sign_in import SignIn
from hub.security.vault.vault import Vault
from hub.settings import HubSettings
from hub.web.pace import Pace
from hub.web.recent import Recent

if TYPE_CHECKING:
    from hub.ingest.enrolment import Enrolment
    from hub.ingest.orders import Orders
    from hub.ingest.registry import Registry
    from hub.live import Live
    from hub.timeseries.daily import DailyTimeSeries
    from hub.timeseries.last import LastValues
    from hub.timeseries.port import TimeSeries
    from hub.web.rendering import Templates


@dataclass(frozen=True, slots=True)
class Ran:
    """One time of some repeated work."""

    name: T
    at: datetime
    took_s: float
    is_well: bool


def _go_ahead(session: ScopedSession, export: Export) -> str | None:  # noqa: ARG001
    """Every export within the limits is free."""
    return None


@dataclass(frozen=True)
class Services:
    """Found at `request.app.state.services`; every part may be used from any thread."""

    settings: HubSettings
    db: Database
    sign_in: SignIn
    vault: Vault
    timeseries: "TimeSeries"
    last: "LastValues"
    registry: "Registry"
    live: "Live"
    templates: "Templates"
    recent: Recent = field(default_factory=Recent)
    checks: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    """Parts that `GET /health/ready` asks; a part that is not well raises."""
    numbers: Callable[[], Mapping[str, float]] = dict
    """What `GET /metrics` tells beside the process itself: name → value now."""
    export_approval: ExportApproval = _go_ahead
    """Asked before records leave as a file."""

    rounds: dict[str, Ran] = field(default_factory=dict)
    """How the last time of each piece of repeated work went, by its name."""
    daily: "DailyTimeSeries | None" = None
    """Days of every series; None where other processes take in."""

    enrolment: "Enrolment | None" = None
    """How agents get their identity; None where the hub has no authority of its own."""

    orders: "Orders | None" = None
    """What agents are told to do; None without `enrolment`."""

    @cached_property
    def company(self) -> CompanyDoor:
        """Signing in by the account of one's company."""
        hosts = AllowedHosts.of(self.settings.notice_hosts)
        return CompanyDoor(self.db, self.vault, self.sign_in, hosts.demand_url)

    @cached_property
    def pace(self) -> Pace:
        """How many requests of the API one session or token may make."""
        return Pace(self.settings.api_requests_per_minute)

    @cached_property
    def strangers(self) -> Pace:
        """How many requests without a valid token one address may make."""
        return Pace(self.settings.api_refusals_per_minute)

    @cached_property
    def files(self) -> Files:
        """Photos and documents of records."""
        return Files(self.settings.data_dir / "files")

    @property
    def jobs_folder(self) -> Path:
        """Where each background job keeps its files."""
        return self.settings.data_dir / "jobs"
