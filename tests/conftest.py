"""For all tests: the collector rests while modules load, as it does in `hub.loading`."""

import gc

from hypothesis import HealthCheck, settings

gc.disable()
settings.register_profile(  # how fast a shared machine is says nothing about the code
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    gc.unfreeze()
