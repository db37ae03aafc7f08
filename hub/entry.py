"""Where the process of `storevitals-hub` begins."""

import gc
from importlib import import_module


def main() -> int:
    """Run the command line. Its modules make a million objects that stay: the collector rests
    while they load, which halves the time of it, and does not look at them again later.
    """
    gc.disable()
    run = import_module("hub.cli").main
    gc.freeze()
    gc.enable()
    try:
        code: int = run()
    finally:
        gc.unfreeze()
    return code
