"""How the modules of a command come into memory."""

import gc
from importlib import import_module
from typing import Any


def loaded(name: str) -> Any:
    """A module and all that it needs.

    The whole hub makes a million objects that stay: the collector rests while they load, which
    halves the time of it, and does not look at them again later.
    """
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()
