"""Which release this is."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("storevitals")
except PackageNotFoundError:  # run from a checkout that is not installed
    VERSION = "0+checkout"
