"""The steps of `make setup`: virtual environment, locked Python packages, styles and scripts.

Standard library only, because it runs before anything is installed. Each step leaves a stamp that
names what it was made from, so that a step whose inputs did not change is skipped. What goes wrong
is told in one sentence; the tools' own words go to `var/log/setup.log`.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
LOCKS = (ROOT / "requirements" / "installer.txt", ROOT / "requirements" / "development.txt")
ASSET_SOURCES = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")
VENDOR = ROOT / "prevention" / "static" / "vendor"
LOG = ROOT / "var" / "log" / "setup.log"

NETWORK_TROUBLE = re.compile(
    r"name resolution|failed to lookup address|dns error|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT"
    r"|NewConnectionError|ConnectTimeout|Max retries|Network is unreachable|Connection refused|timed out"
    r"|client error \(Connect\)|Failed to fetch|ConnectionError",
    re.IGNORECASE,
)


class SetupProblem(Exception):
    """Something the person at the keyboard can put right; the message is the sentence they read."""


def say(sentence: str) -> None:
    """Print a line of progress at once, also where output is piped."""
    print(sentence, flush=True)


def fingerprint(paths: Sequence[Path], *facts: str) -> str:
    """A digest of the files' contents and of the given facts; a missing file counts as empty."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0")
        digest.update(path.read_bytes() if path.exists() else b"")
    for fact in facts:
        digest.update(b"\0" + fact.encode())
    return digest.hexdigest()


def is_stamped(stamp: Path, value: str) -> bool:
    """Whether the step that leaves this stamp was last done for exactly this value."""
    return stamp.is_file() and stamp.read_text(encoding="ascii", errors="replace").strip() == value


def run_tool(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a tool without a keyboard, keep what it said in the log, and return it (never raises for its exit code)."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    # An organisation's own certificates are in the system's store; uv and node look there only when told.
    trust = {"UV_SYSTEM_CERTS": "1", "NODE_USE_SYSTEM_CA": "1"}
    result = subprocess.run(
        arguments,
        cwd=ROOT,
        env={**trust, **(os.environ if environment is None else environment)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(arguments)}\n{result.stdout}\n[exit code {result.returncode}]\n")
    return result


def explain(result: subprocess.CompletedProcess[str], doing: str) -> SetupProblem:
    """The sentence for a tool that failed while doing something: a network fault is told apart."""
    log = LOG.relative_to(ROOT)
    if "No space left on device" in result.stdout:
        return SetupProblem(f"The disk is full, so {doing} did not finish: free some space and try again.")
    if NETWORK_TROUBLE.search(result.stdout):
        return SetupProblem(
            f"The package index did not answer, so {doing} did not finish: check the network (or the proxy and "
            f"index settings of pip, uv and npm) and try again; details are in {log}."
        )
    lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    last = lines[-1] if lines else f"exit code {result.returncode}"
    return SetupProblem(f"{doing[0].upper()}{doing[1:]} failed ({last}); details are in {log}.")


def is_debian() -> bool:
    """Whether apt-get can be asked, that is: this looks like Debian or one of its children."""
    return Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def install_debian_package(package: str) -> bool:
    """Install a Debian package as root, refreshing the package list only when needed; whether it worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", package]
    if run_tool(install, environment).returncode == 0:
        return True
    run_tool(["apt-get", "update"], environment)
    return run_tool(install, environment).returncode == 0


def ensure_venv_module() -> None:
    """Make sure `python3 -m venv` works, which Debian packages apart from Python.

    Raises SetupProblem with the command to type where this program may not install it.
    """
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    package = "python3-venv"
    if is_debian() and os.geteuid() == 0:
        say(f"Installing {package} through apt-get, because this Python has no venv module …")
        if install_debian_package(package):
            importlib.invalidate_caches()
            if importlib.util.find_spec("ensurepip"):
                return
    prefix = "" if os.geteuid() == 0 else "sudo "
    how = f"run `{prefix}apt-get install {package}`" if is_debian() else "install your system's package for it"
    raise SetupProblem(f"{sys.executable} cannot make virtual environments (no venv module): {how} and try again.")


def ensure_environment() -> None:
    """Make `.venv`, again when it was made for another Python or another folder.

    Raises SetupProblem when it cannot be made.
    """
    stamp = ENVIRONMENT / ".made-for"
    value = fingerprint((), sys.version, str(ENVIRONMENT), os.path.realpath(sys.executable))
    if is_stamped(stamp, value) and PYTHON.exists():
        return
    if ENVIRONMENT.exists() and not os.access(ENVIRONMENT, os.W_OK):
        owner = ENVIRONMENT.owner()
        raise SetupProblem(f".venv belongs to the user {owner}: run this as {owner}, or remove .venv and try again.")
    ensure_venv_module()
    say("Making the virtual environment .venv …")
    result = run_tool([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])
    if result.returncode != 0:
        raise explain(result, "making the virtual environment")
    stamp.write_text(value, encoding="ascii")


def index_settings_for_uv(environment: Mapping[str, str], pip_settings: str) -> dict[str, str]:
    """Settings that make uv use the index and certificate pip was told to use on this machine.

    uv does not read pip's configuration. Whatever is set for uv itself wins; `pip_settings` is what
    `pip config list` prints.
    """
    found = dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", pip_settings, re.MULTILINE))
    settings = {"UV_PYTHON_DOWNLOADS": "never"}
    own = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE"}
    if "index-url" in found and not own & environment.keys():
        settings["UV_DEFAULT_INDEX"] = found["index-url"]
    if "cert" in found and "SSL_CERT_FILE" not in environment:
        settings["SSL_CERT_FILE"] = found["cert"]
    return settings


def ensure_packages() -> None:
    """Install exactly the locked Python packages, checked by hash.

    uv installs them (ten times quicker); where uv cannot, pip does the same from the same lock.
    Raises SetupProblem when neither can.
    """
    stamp = ENVIRONMENT / ".packages"
    value = fingerprint(LOCKS, (ENVIRONMENT / ".made-for").read_text(encoding="ascii"))
    if is_stamped(stamp, value):
        return
    say("Installing the locked Python packages (up to a minute the first time) …")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    installer, packages = LOCKS
    result = run_tool([*pip, "install", "--require-hashes", "-r", str(installer)])
    if result.returncode != 0:
        raise explain(result, "installing the Python packages")
    settings = index_settings_for_uv(os.environ, run_tool([*pip, "config", "list"]).stdout)
    uv = [str(ENVIRONMENT / "bin" / "uv"), "pip", "install", "--compile-bytecode"]
    result = run_tool(
        [*uv, "--python", str(PYTHON), "--require-hashes", "-r", str(packages)], {**os.environ, **settings}
    )
    if result.returncode != 0:
        result = run_tool([*pip, "install", "--require-hashes", "-r", str(packages)])
    if result.returncode != 0:
        raise explain(result, "installing the Python packages")
    stamp.write_text(value, encoding="ascii")


def ensure_product() -> None:
    """Make the product itself known to its environment, where it stands: flask then finds its commands.

    Nothing is fetched: the lock has brought what this needs. Raises SetupProblem when it fails.
    """
    stamp = ENVIRONMENT / ".product"
    value = fingerprint((ROOT / "pyproject.toml", ENVIRONMENT / ".packages"))
    if is_stamped(stamp, value):
        return
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    result = run_tool([*pip, "install", "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    if result.returncode != 0:
        raise explain(result, "making the product known to its environment")
    stamp.write_text(value, encoding="ascii")


def own_typeface(css: str) -> str:
    """The style sheet without GDS Transport (licensed for gov.uk only) and with addresses relative to it."""
    css = re.sub(r"@font-face\{[^}]*GDS Transport[^}]*\}", "", css)
    css = css.replace("GDS Transport,arial,sans-serif", "arial,sans-serif").replace("GDS Transport", "arial")
    css = css.replace("url(/assets/images/", "url(images/")
    return re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)


def copy_assets(modules: Path, destination: Path) -> None:
    """Copy what the pages are served from the npm packages; fonts, crown images and unused scripts stay behind.

    Raises FileNotFoundError when a package no longer has a file we serve.
    """
    shutil.rmtree(destination, ignore_errors=True)
    for name, folder in {
        "govuk-frontend": modules / "govuk-frontend" / "dist" / "govuk",
        "moj-frontend": modules / "@ministryofjustice" / "frontend" / "moj",
    }.items():
        target = destination / name
        (target / "images").mkdir(parents=True)
        css = (folder / f"{name}.min.css").read_text(encoding="utf-8")
        (target / f"{name}.min.css").write_text(own_typeface(css), encoding="utf-8")
        for image in sorted((folder / "assets" / "images").glob("icon-*.svg")):
            shutil.copyfile(image, target / "images" / image.name)
    script = (modules / "govuk-frontend" / "dist" / "govuk" / "govuk-frontend.min.js").read_text(encoding="utf-8")
    script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE)
    (destination / "govuk-frontend" / "govuk-frontend.min.js").write_text(script, encoding="utf-8")


def ensure_assets() -> None:
    """Install the locked npm packages with the node that came from PyPI and copy what is served.

    Raises SetupProblem when npm fails.
    """
    stamp = VENDOR / ".made-from"
    value = fingerprint((*ASSET_SOURCES, Path(__file__)))
    if is_stamped(stamp, value):
        return
    say("Installing the styles and scripts of the pages …")
    binaries = ENVIRONMENT / "bin"
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
    result = run_tool([str(binaries / "npm"), "ci", "--no-audit", "--no-fund"], environment)
    if result.returncode != 0:
        raise explain(result, "installing the styles and scripts")
    copy_assets(ROOT / "node_modules", VENDOR)
    stamp.write_text(value, encoding="ascii")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second set-up in the same folder wait for the first. The lock dies with its process."""
    path = ROOT / "var" / "setup.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a", encoding="ascii")
    except PermissionError:
        owner = (path if path.exists() else path.parent if path.parent.exists() else ROOT).owner()
        raise SetupProblem(
            f"{path.relative_to(ROOT)} cannot be written because it belongs to the user {owner}: run this as {owner}."
        ) from None
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is at work in this folder; waiting for it …")
            fcntl.lockf(lock, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str]) -> int:
    """Do every step that is due; 0 when the folder is ready, 1 after a sentence that says what is missing."""
    if arguments:
        print("Usage: python3 setup   (takes no arguments)", file=sys.stderr)
        return 2
    try:
        with one_at_a_time():
            ensure_environment()
            ensure_packages()
            ensure_product()
            ensure_assets()
    except SetupProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"Set-up stopped: {problem.strerror or problem}: {problem.filename or ''}".rstrip(": "), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up stopped; the next run goes on from here.", file=sys.stderr)
        return 130
    return 0
