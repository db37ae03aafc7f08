"""Make sparkplug_b_pb2 from sparkplug_b.proto: `python -m protocols.sparkplug.generate`."""

import sys
from pathlib import Path

TYPES_HEADER = '# mypy: disable-error-code="type-arg"\n'  # protoc writes a bare Mapping


def main() -> int:
    from grpc_tools import protoc  # noqa: PLC0415 only developers have it

    folder = Path(__file__).parent
    root = folder.parent.parent
    source = folder / "sparkplug_b.proto"
    status = protoc.main(
        ["protoc", f"--proto_path={root}", f"--python_out={root}", f"--pyi_out={root}", str(source)]
    )
    if status == 0:
        types = folder / "sparkplug_b_pb2.pyi"
        types.write_text(TYPES_HEADER + types.read_text("utf-8"), "utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
