"""A driver around another one, which adds readings that follow from the other's."""

from collections.abc import Sequence

from agent.drivers.base import PolledDriver


class Deriving:
    """All of a `PolledDriver` but `read`; `more` are the metrics that it adds."""

    def __init__(self, inner: PolledDriver, more: Sequence[str]) -> None:
        self.device = inner.device
        self.metrics = (*inner.metrics, *more)
        self._inner = inner

    @property
    def is_behind(self) -> bool:
        return self._inner.is_behind

    @property
    def plan(self) -> Sequence[str]:
        return self._inner.plan

    @property
    def refused(self) -> Sequence[str]:
        return self._inner.refused
