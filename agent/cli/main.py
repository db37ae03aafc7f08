"""The agent's command line: `storevitals-agent run | scan | probe | check | …`.

Exit codes: 0 done, 1 refused or failed with a sentence on stderr, 2 wrong usage.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from agent.cli import check, doctor, enrol, outbox, probe, report, run, scan, setup
from agent.cli.options import refuse
from agent.version import VERSION

SIMULATE = "simulate"


def build_parser(*, with_simulator: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="storevitals-agent", description="StoreVitals in the store (门店采集端)."
    )
    parser.add_argument("--version", action="version", version=f"storevitals-agent {VERSION}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    run.add_parser(subparsers)
    setup.add_parser(subparsers)
    scan.add_parser(subparsers)
    probe.add_parser(subparsers)
    enrol.add_parser(subparsers)
    check.add_parser(subparsers)
    doctor.add_parser(subparsers)
    outbox.add_parser(subparsers)
    report.add_parser(subparsers)
    if with_simulator:
        from agent.cli import simulate  # noqa: PLC0415 a Pi that runs a store does not carry it

        simulate.add_parser(subparsers)
    else:
        subparsers.add_parser(SIMULATE, help="a store in software on real ports")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    args = build_parser(with_simulator=SIMULATE in words[:1]).parse_args(words)
    logging.basicConfig(
        level=logging.INFO if words[:1] in (["run"], [SIMULATE]) else logging.ERROR,
        stream=sys.stderr,
        format="%(levelname)s %(name)s: %(message)s",
    )
    return _run(args, words[0])


def _run(args: argparse.Namespace, command: str) -> int:
    """No command ends in a traceback: an installer needs a sentence."""
    try:
        status: int = args.run(args)
    except KeyboardInterrupt:
        return refuse(command, "it was stopped.")
    except BrokenPipeError:  # `… | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # boundary
        logging.getLogger(__name__).debug("The command failed.", exc_info=True)
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        return refuse(command, f"an error that should not be ({told}); please report it.")
    return status


if __name__ == "__main__":
    sys.exit(main())
