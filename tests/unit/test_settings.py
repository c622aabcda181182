"""Settings: every problem at once, no secret in a log, demonstration accounts on this machine only."""

import dataclasses
from pathlib import Path

import pytest

from prevention.settings import Mode, Settings, SettingsProblem

GOOD = {
    "DATABASE_URL": "postgresql://app:hunter2@db.example/prevention",
    "BROKER_URL": "redis://:open-sesame@queue.example:6379/0",
    "SECRET_KEY": "k" * 40,
    "PUBLIC_URL": "https://prevention.example",
}


def problems(values: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsProblem) as found:
        Settings.from_values(values)
    return found.value.problems


def test_production_needs_little_and_is_strict() -> None:
    found = Settings.from_values(GOOD | {"SOMETHING_ELSE": "ignored"})
    assert found.mode is Mode.PRODUCTION
    assert found.database_url == "postgresql+psycopg://app:hunter2@db.example/prevention"
    assert found.https_only
    assert not found.is_demonstration
    assert found.upload_folder == Path("var/uploads")


def test_every_problem_is_told_at_once() -> None:
    found = problems({"SMTP_HOST": "mail.example", "SMTP_PORT": "twenty", "HTTPS_ONLY": "perhaps"})
    for name in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "PUBLIC_URL", "SMTP_PORT", "HTTPS_ONLY", "MAIL_FROM"):
        assert len([line for line in found if line.startswith(name)]) == 1, name
    assert len(found) == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PREVENTION_MODE", "staging"),
        ("DATABASE_URL", "sqlite:///prevention.db"),
        ("BROKER_URL", "amqp://queue.example"),
        ("SECRET_KEY", "short"),
        ("SESSION_IDLE_MINUTES", "0"),
        ("LOCKOUT_ATTEMPTS", "-3"),
        ("SMTP_PORT", "1.5"),
        ("HTTPS_ONLY", "maybe"),
        ("PUBLIC_URL", "visits.example.org"),
        ("PUBLIC_URL", "ftp://visits.example.org"),
        ("PUBLIC_URL", "https://user@visits.example.org"),
        ("PUBLIC_URL", "https://[visits"),
    ],
)
def test_one_wrong_value_is_one_sentence(name: str, value: str) -> None:
    found = problems(GOOD | {name: value})
    assert len(found) == 1
    assert found[0].startswith(name)
    assert found[0].endswith(".")
    assert value == "short" or value not in found[0]


def test_blank_is_missing() -> None:
    assert problems(GOOD | {"SECRET_KEY": "   "}) == ["SECRET_KEY is missing, at least 32 random characters."]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.4", "prevention.example"])  # noqa: S104 - refused
def test_demonstration_refuses_to_listen_beyond_this_machine(host: str) -> None:
    found = problems(GOOD | {"PREVENTION_MODE": "demonstration", "BIND_HOST": host})
    assert [line.startswith("BIND_HOST") for line in found] == [True]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_demonstration_on_this_machine(host: str) -> None:
    values = {name: value for name, value in GOOD.items() if name != "PUBLIC_URL"}
    found = Settings.from_values(values | {"PREVENTION_MODE": "demonstration", "BIND_HOST": host})
    assert found.is_demonstration
    assert not found.https_only


@pytest.mark.parametrize(("text", "meant"), [("yes", True), ("TRUE", True), ("1", True), ("no", False), ("0", False)])
def test_yes_and_no(text: str, *, meant: bool) -> None:
    assert Settings.from_values(GOOD | {"HTTPS_ONLY": text}).https_only is meant


def test_no_secret_is_in_its_words() -> None:
    found = Settings.from_values(GOOD | {"SMTP_HOST": "mail.example", "MAIL_FROM": "a@b.uk", "SMTP_PASSWORD": "s3cr3t"})
    words = f"{found!r} {found}"
    for secret in ("hunter2", "open-sesame", "k" * 40, "s3cr3t"):
        assert secret not in words
    assert "mail.example" in words


def test_settings_do_not_change() -> None:
    found = Settings.from_values(GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.secret_key = "another"  # type: ignore[misc]
