"""The words of messages: one folder of templates each, rendered without Flask.

A message is stored with ``{site}`` where the product's address goes; ``with_site`` fills it in when the message is
sent or shown, so that no stored message outlives a change of address.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prevention.domain.local_time import LONDON, spoken_clock
from prevention.models.notification import Message

_FOLDER = Path(__file__).resolve().parents[3] / "templates" / "email"
_SITE = "{site}"

# Plain text, where "&" must stay "&": there is no markup to escape for.
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - see above
    trim_blocks=True,
    lstrip_blocks=True,
)


class MessageKind(StrEnum):
    """Every message there is; the value is the folder of its templates."""

    ACKNOWLEDGEMENT = "acknowledgement"
    OUTCOME = "outcome"
    VERY_HIGH_ALERT = "very_high_alert"
    FOLLOW_UP_DUE = "follow_up_due"
    AMENDMENTS_PROPOSED = "amendments_proposed"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "acknowledgement": "Referral received",
            "outcome": "Outcome for the referrer",
            "very_high_alert": "Very high risk",
            "follow_up_due": "Follow-up due",
            "amendments_proposed": "Changes to confirm",
        }[self.value]


def render(kind: MessageKind, **words: str | None) -> tuple[str, str]:
    """The subject, on one line, and the body of a message in plain text.

    Raises:
        jinja2.UndefinedError: a template asks for a word that was not given.
    """
    given = {**words, "site": _SITE}
    subject = " ".join(_TEMPLATES.get_template(f"{kind.value}/subject.txt").render(given).split())
    body = _TEMPLATES.get_template(f"{kind.value}/body.txt").render(given).strip() + "\n"
    return subject, body


def with_site(message: Message, public_url: str) -> str:
    """The body of ``message`` with the product's address in it."""
    return message.body.replace(_SITE, public_url.rstrip("/"))


def spoken_time(moment: datetime) -> str:
    """An aware time as London people read it: ``4:07pm on 22 November 2026``."""
    local = moment.astimezone(LONDON)
    return f"{spoken_clock(local)} on {local.day} {local:%B %Y}"
