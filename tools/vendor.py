"""Copy the third-party front-end files that pages use from node_modules/ to each package's static/vendor/.

``package.json`` lists them under "vendor". The copies are git-ignored and shipped inside the wheel. Packages named
``cdn-<package>-<version>`` stand in for files that the other monitor's pages load from public hosts: they keep their
version and their folders, so that a style sheet finds its fonts.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


STAND_IN = "cdn-"


def vendored_name(source: str) -> str:
    """Where a file lands below static/vendor/: package and file name; of a stand-in, package@version and whole path."""
    package, _, rest = source.partition("/")
    if package.startswith(STAND_IN):
        name, _, version = package.removeprefix(STAND_IN).rpartition("-")
        return f"{name}@{version}/{rest}"
    return f"{package}/{Path(rest).name}"


def copy_vendor_files(root: Path = ROOT) -> list[Path]:
    """Copy every listed file; returns the copies. A listed file that npm did not install is an error."""
    listed: dict[str, list[str]] = json.loads((root / "package.json").read_text())["vendor"]
    copies = []
    for package, sources in listed.items():
        target = root / "src" / package / "static" / "vendor"
        shutil.rmtree(target, ignore_errors=True)
        for source in sources:
            copy = target / vendored_name(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / "node_modules" / source, copy)
            copies.append(copy)
    return copies


if __name__ == "__main__":
    try:
        copy_vendor_files()
    except FileNotFoundError as missing:
        sys.exit(f"vendor: {missing.filename} is missing; run npm ci first")
