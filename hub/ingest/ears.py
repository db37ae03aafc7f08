"""What an ingest hears: everything, or the nodes of its shard."""

from hub.ingest import canary, inbox
from hub.ingest.registry import Registry
from hub.ingest.shards import Lease
from hub.ingest.subscriber import EVERYTHING, NEWCOMERS, Filters
from protocols.sparkplug.topics import NAMESPACE

SHARD_LINGER_S = 0.050  # commits of many shards share one PostgreSQL


class Ears:
    """Filters for the broker; the first shard also hears nodes that nobody has approved yet."""

    def __init__(self, registry: Registry, lease: Lease | None) -> None:
        self._registry, self._lease = registry, lease
        self._heard: set[tuple[str, str]] = set()
        self.is_host = lease is None or lease.shard == 0
        self.linger_s = inbox.LINGER_S if lease is None else SHARD_LINGER_S
        self.canary = canary.TOPIC if lease is None else f"{canary.TOPIC}-{lease.shard}"

    def filters(self) -> Filters:
        if self._lease is None:
            return EVERYTHING
        own: Filters = ((self.canary, 1), *(NEWCOMERS if self.is_host else ()))
        return own + self._of_new()

    def newcomers(self) -> Filters:
        """Of agents that were approved since; call it from time to time."""
        if self._lease is None:
            return ()
        self._registry.look_for_nodes()
        return self._of_new()

    def _of_new(self) -> Filters:
        names = {(node.group, node.node) for node in self._registry.nodes()} - self._heard
        self._heard |= names
        topics = sorted(f"{NAMESPACE}/{group}/+/{node}" for group, node in names)
        return tuple((topic + end, 1) for topic in topics for end in ("", "/+"))
