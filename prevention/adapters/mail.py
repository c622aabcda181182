"""Handing e-mail over: by SMTP where it is configured, else to nobody, loudly."""

import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import urlsplit

from prevention.domain.notification import Mail
from prevention.errors import PreventionError, Unavailable
from prevention.settings import Settings

_log = logging.getLogger(__name__)

#: Longest wait for the mail server's answer, in seconds. A lease on messages must outlast it.
SMTP_TIMEOUT = 20
_TLS_PORT = 465
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class MailRefused(PreventionError):
    """The mail server will never take this message: the mailbox does not exist, or the message is not allowed."""


class MailSender(Protocol):
    """Hands one message over."""

    def send(self, mail: Mail) -> None:
        """Hand ``mail`` over; coming back means it was accepted.

        Raises:
            MailRefused: it will never be accepted.
            Unavailable: it was not accepted this time.
        """


class SmtpSender:
    """Sends through the configured SMTP server: TLS from the start on port 465, else STARTTLS where it is offered.

    Certificates are checked, and a password never travels without encryption beyond this machine.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, mail: Mail) -> None:
        """See ``MailSender.send``."""
        try:
            with self._connection() as server:
                self._greet(server)
                server.send_message(self._message(mail))
        except smtplib.SMTPRecipientsRefused as refused:
            code = max((code for code, _ in refused.recipients.values()), default=450)
            raise _problem(code) from None
        except smtplib.SMTPResponseException as answer:
            # Wrong credentials are ours to put right, not the message's fault.
            never = not isinstance(answer, smtplib.SMTPAuthenticationError)
            raise _problem(answer.smtp_code if never else 450) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"The mail server did not answer ({type(error).__name__}).") from None

    def _connection(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.smtp_port == _TLS_PORT:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=SMTP_TIMEOUT, context=context)
        return smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=SMTP_TIMEOUT)

    def _greet(self, server: smtplib.SMTP) -> None:
        settings = self._settings
        server.ehlo()
        encrypted = isinstance(server, smtplib.SMTP_SSL)
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            encrypted = True
        if settings.smtp_user:
            if not encrypted and settings.smtp_host not in _LOOPBACK:
                raise Unavailable("The mail server offers no encryption, so the password was not sent.")
            server.login(settings.smtp_user, settings.smtp_password)

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.mail_from
        message["To"] = mail.recipient
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.written_at)
        message["Message-ID"] = f"<{mail.id}@{urlsplit(self._settings.public_url).hostname or 'prevention'}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
        return message


class ConsoleSender:
    """For development and demonstration: says loudly that nothing is sent. Shows the recipient's domain only."""

    def send(self, mail: Mail) -> None:
        """Log that a message would have gone out; accept it."""
        domain = mail.recipient.rpartition("@")[2]
        _log.warning("NOTHING IS SENT: SMTP_HOST is not set. Message %s to a mailbox at %s", mail.id, domain)


def mail_sender(settings: Settings) -> MailSender:
    """The sender that ``settings`` ask for."""
    return SmtpSender(settings) if settings.smtp_host else ConsoleSender()


def _problem(code: int) -> PreventionError:
    if code >= 500:
        return MailRefused(f"The mail server refused the message (code {code}).")
    return Unavailable(f"The mail server did not take the message this time (code {code}).")
