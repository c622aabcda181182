"""Typed settings. This module never reads the environment: ``config.py`` hands the values in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SHORTEST_SECRET = 32


class Mode(StrEnum):
    """What the product runs as. Demonstration accounts and data exist in ``demonstration`` only."""

    PRODUCTION = "production"
    DEMONSTRATION = "demonstration"
    TEST = "test"


class SettingsProblem(Exception):
    """One or more settings are missing or wrong; ``problems`` holds a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The settings need attention:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the product; ``docs/settings.md`` describes each by name. Its words hold no secret."""

    mode: Mode
    database_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    service_name: str = "Prevention"
    public_url: str = "http://127.0.0.1:8000"
    bind_host: str = "127.0.0.1"
    upload_folder: Path = Path("var/uploads")
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    mail_from: str = ""
    session_idle_minutes: int = 60
    session_longest_hours: int = 12
    lockout_attempts: int = 5
    lockout_minutes: int = 15
    temporary_password_days: int = 7
    self_referrals_per_hour: int = 20
    preview_days: int = 7
    https_only: bool = True
    demonstration_notice: bool = True
    trusted_proxies: int = 0

    @property
    def is_demonstration(self) -> bool:
        """Whether demonstration accounts and data may exist."""
        return self.mode is Mode.DEMONSTRATION

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> "Settings":
        """Read text values keyed by upper-case name; unknown names are ignored.

        Raises:
            SettingsProblem: with every missing or wrong setting at once.
        """
        return _Reader(values).settings()


class _Reader:
    """Reads values and collects what is wrong, so that all of it is reported together."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._problems: list[str] = []

    def settings(self) -> Settings:
        mode = self._mode()
        local = mode is not Mode.PRODUCTION
        bind_host = self._text("BIND_HOST", "127.0.0.1")
        if mode is Mode.DEMONSTRATION and bind_host not in _LOOPBACK:
            self._problems.append(
                "BIND_HOST must be a loopback address in demonstration mode: its accounts have published passwords."
            )
        found = Settings(
            mode=mode,
            database_url=self._database_url(),
            broker_url=self._broker_url(mode),
            secret_key=self._secret_key(mode),
            service_name=self._text("SERVICE_NAME", "Prevention"),
            public_url=self._public_url(mode),
            bind_host=bind_host,
            upload_folder=Path(self._text("UPLOAD_FOLDER", "var/uploads")),
            smtp_host=self._text("SMTP_HOST", ""),
            smtp_port=self._number("SMTP_PORT", 25),
            smtp_user=self._text("SMTP_USER", ""),
            smtp_password=self._text("SMTP_PASSWORD", ""),
            mail_from=self._mail_from(),
            session_idle_minutes=self._number("SESSION_IDLE_MINUTES", 60),
            session_longest_hours=self._number("SESSION_LONGEST_HOURS", 12),
            lockout_attempts=self._number("LOCKOUT_ATTEMPTS", 5),
            lockout_minutes=self._number("LOCKOUT_MINUTES", 15),
            temporary_password_days=self._number("TEMPORARY_PASSWORD_DAYS", 7),
            self_referrals_per_hour=self._number("SELF_REFERRALS_PER_HOUR", 20),
            preview_days=self._number("PREVIEW_DAYS", 7),
            https_only=self._truth("HTTPS_ONLY", default=not local),
            demonstration_notice=self._truth("DEMONSTRATION_NOTICE", default=True),
            trusted_proxies=self._number("TRUSTED_PROXIES", 0, lowest=0),
        )
        if self._problems:
            raise SettingsProblem(self._problems)
        return found

    def _text(self, name: str, default: str) -> str:
        return self._values.get(name, "").strip() or default

    def _required(self, name: str, hint: str) -> str:
        value = self._text(name, "")
        if not value:
            self._problems.append(f"{name} is missing{f', {hint}' if hint else ''}.")
        return value

    def _number(self, name: str, default: int, *, lowest: int = 1) -> int:
        value = self._text(name, str(default))
        if not value.isdecimal() or int(value) < lowest:
            self._problems.append(f"{name} must be a whole number of {lowest} or more.")
            return default
        return int(value)

    def _truth(self, name: str, *, default: bool) -> bool:
        value = self._text(name, "yes" if default else "no").lower()
        if value not in {"yes", "no", "true", "false", "1", "0"}:
            self._problems.append(f"{name} must be yes or no.")
        return value in {"yes", "true", "1"}

    def _mode(self) -> Mode:
        value = self._text("PREVENTION_MODE", Mode.PRODUCTION)
        if value not in set(Mode):
            self._problems.append(f"PREVENTION_MODE must be one of {', '.join(Mode)}.")
            return Mode.PRODUCTION
        return Mode(value)

    def _public_url(self, mode: Mode) -> str:
        """Without a host's name in it no request could be refused for another's: a wrong one must not start."""
        hint = "such as https://prevention.org.uk"
        if mode is Mode.PRODUCTION:
            value = self._required("PUBLIC_URL", hint)
        else:
            value = self._text("PUBLIC_URL", "http://127.0.0.1:8000")
        try:
            parts = urlsplit(value)
            whole = parts.scheme in {"http", "https"} and parts.hostname is not None and parts.username is None
        except ValueError:
            whole = False
        if value and not whole:
            self._problems.append(f"PUBLIC_URL must be a whole address, {hint}.")
        return value

    def _database_url(self) -> str:
        value = self._required("DATABASE_URL", "such as postgresql://user@host/name")
        if value and not value.startswith(("postgresql://", "postgresql+psycopg://")):
            self._problems.append("DATABASE_URL must start with postgresql://.")
        return value.replace("postgresql://", "postgresql+psycopg://", 1)

    def _broker_url(self, mode: Mode) -> str:
        value = self._required("BROKER_URL", "such as redis://host:6379/0")
        if value and mode is not Mode.TEST and not value.startswith(("redis://", "rediss://")):
            self._problems.append("BROKER_URL must start with redis:// or rediss://.")
        return value

    def _secret_key(self, mode: Mode) -> str:
        value = self._required("SECRET_KEY", f"at least {_SHORTEST_SECRET} random characters")
        if value and mode is not Mode.TEST and len(value) < _SHORTEST_SECRET:
            self._problems.append(f"SECRET_KEY must have at least {_SHORTEST_SECRET} characters.")
        return value

    def _mail_from(self) -> str:
        value = self._text("MAIL_FROM", "")
        if self._text("SMTP_HOST", "") and not value:
            self._problems.append("MAIL_FROM is missing; SMTP_HOST is set, so messages need a sender.")
        return value
