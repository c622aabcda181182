"""The mail adapter: what the server answers decides whether it is worth trying again."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from prevention.adapters.mail import ConsoleSender, MailRefused, SmtpSender, mail_sender
from prevention.domain.notification import Mail
from prevention.errors import Unavailable
from prevention.settings import Mode, Settings
from tests.support.smtp import running_mail_server

SETTINGS = Settings(
    mode=Mode.TEST,
    database_url="postgresql+psycopg://nowhere/none",
    broker_url="redis://nowhere",
    secret_key="tests-only",
    mail_from="prevention@example.org",
    upload_folder=Path("nowhere"),
)
MAIL = Mail(uuid4(), "team@example.org", "Été – £5", "Thank you – sincèrement.\n", datetime(2026, 1, 5, tzinfo=UTC))


def test_without_a_server_nothing_is_sent_loudly(caplog: pytest.LogCaptureFixture) -> None:
    sender = mail_sender(SETTINGS)
    assert isinstance(sender, ConsoleSender)
    sender.send(MAIL)
    assert "NOTHING IS SENT" in caplog.text
    assert "example.org" in caplog.text
    assert "team@" not in caplog.text
    assert MAIL.subject not in caplog.text


def test_letters_beyond_ascii_arrive_whole() -> None:
    with running_mail_server() as server:
        mail_sender(dataclasses.replace(SETTINGS, smtp_host="127.0.0.1", smtp_port=server.port)).send(MAIL)
    assert server.accepted[0]["Subject"] == MAIL.subject
    assert server.accepted[0].get_content().strip() == MAIL.body.strip()
    assert server.accepted[0]["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("code", "problem"), [(550, MailRefused), (554, MailRefused), (421, Unavailable), (450, Unavailable)]
)
def test_five_hundreds_are_for_ever(code: int, problem: type[Exception]) -> None:
    with running_mail_server() as server:
        server.answers[MAIL.recipient] = code
        sender = SmtpSender(dataclasses.replace(SETTINGS, smtp_host="127.0.0.1", smtp_port=server.port))
        with pytest.raises(problem) as raised:
            sender.send(MAIL)
    assert MAIL.recipient not in str(raised.value)


def test_no_answer_is_worth_another_try() -> None:
    sender = SmtpSender(dataclasses.replace(SETTINGS, smtp_host="127.0.0.1", smtp_port=1))
    with pytest.raises(Unavailable):
        sender.send(MAIL)


def test_wrong_credentials_are_not_the_message_s_fault() -> None:
    with running_mail_server() as server:
        credentials = dataclasses.replace(
            SETTINGS, smtp_host="127.0.0.1", smtp_port=server.port, smtp_user="prevention", smtp_password="wrong"
        )
        with pytest.raises(Unavailable):
            SmtpSender(credentials).send(MAIL)


def test_a_password_never_travels_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_mail_server() as server:
        settings = dataclasses.replace(
            SETTINGS, smtp_host="127.0.0.1", smtp_port=server.port, smtp_user="prevention", smtp_password="secret"
        )
        monkeypatch.setattr("prevention.adapters.mail._LOOPBACK", frozenset())
        with pytest.raises(Unavailable, match="no encryption"):
            SmtpSender(settings).send(MAIL)
