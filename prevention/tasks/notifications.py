"""Sending messages: what waits, and a very-high alert's at once."""

import logging
import time
from uuid import UUID

from celery import shared_task
from flask import current_app

from prevention.adapters.mail import SMTP_TIMEOUT, MailRefused, MailSender, mail_sender
from prevention.domain.account import SYSTEM
from prevention.domain.notification import Mail
from prevention.errors import Unavailable
from prevention.services.notifications import sending
from prevention.settings import Settings
from prevention.web.transactions import work_as

_log = logging.getLogger(__name__)
#: Batches one ring may send before it makes room for others.
_MOST_BATCHES = 50


@shared_task(name="notifications.send_waiting", ignore_result=True)
def send_waiting() -> int:
    """Send every message whose time has come; how many were accepted. Safe to run many times at once."""
    settings: Settings = current_app.extensions["settings"]
    accepted = 0
    for _ in range(_MOST_BATCHES):
        started = time.monotonic()
        with work_as(SYSTEM) as work:
            mails = sending.claim_waiting(work, settings.public_url)
        accepted += _send(mails, mail_sender(settings), started)
        if len(mails) < sending.BATCH:
            break
    return accepted


@shared_task(name="alerts.send", ignore_result=True)
def send_alert(message_id: str, alert_id: str) -> int:
    """Send an alert's messages ahead of all others; how many were accepted. A second delivery finds none waiting."""
    settings: Settings = current_app.extensions["settings"]
    _log.warning("very-high alert %s is waiting for a coordinator (outbox %s)", alert_id, message_id)
    started = time.monotonic()
    with work_as(SYSTEM) as work:
        mails = sending.claim_waiting(work, settings.public_url, alert_id=UUID(alert_id))
    return _send(mails, mail_sender(settings), started)


def _send(mails: list[Mail], sender: MailSender, started: float) -> int:
    """Hand leased messages over one by one. Those the lease leaves no time for are another worker's, later."""
    accepted = 0
    last_start = started + sending.LEASE.total_seconds() - SMTP_TIMEOUT
    for mail in mails:
        if time.monotonic() > last_start:
            break
        accepted += _send_one(mail, sender)
    return accepted


def _send_one(mail: Mail, sender: MailSender) -> bool:
    try:
        sender.send(mail)
    except (MailRefused, Unavailable) as problem:
        _log.warning("message %s was not accepted: %s", mail.id, problem)
        with work_as(SYSTEM) as work:
            sending.mark_failed(work, mail.id, str(problem), for_ever=isinstance(problem, MailRefused))
        return False
    with work_as(SYSTEM) as work:
        sending.mark_sent(work, mail.id)
    return True
