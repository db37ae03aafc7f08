"""`storevitals-hub demo`: the product on this machine, with stores in software."""

from hub.demo.command import add_parser, run

__all__ = ["add_parser", "run"]
