"""A form that was sent after its session had ended: the sign-in page holds it, and its own user sends it again.

It travels through the sign-in form as one sealed field, so nothing of it is stored; see ADR 26.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer

from prevention.web.auth import last_membership

#: The field that was good for the session that has ended only: the page draws a new one.
_SPENT_FIELD = "csrf_token"


@dataclass(frozen=True)
class HeldForm:
    """What was sent: its address, under which of the user's roles, and its fields in their order."""

    address: str
    membership_id: str
    fields: list[tuple[str, str]]

    @property
    def written(self) -> list[str]:
        """What somebody wrote in words, to recognise the form by."""
        return [value for _, value in self.fields if len(value.split()) > 1]

    def belongs_to(self, membership_id: UUID) -> bool:
        """Whether the same user has signed in again; what one wrote is never offered to another."""
        return self.membership_id == str(membership_id)


def hold(address: str) -> str:
    """Seal the form of this request, whose token was right, for ``address``. Empty when nobody had been signed in."""
    membership_id = last_membership()
    if membership_id is None:
        return ""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != _SPENT_FIELD]
    return str(_serializer().dumps(asdict(HeldForm(address, str(membership_id), fields))))


def read_held(sealed: str | None) -> HeldForm | None:
    """The form that :func:`hold` sealed; None for none, a forged one, or rubbish."""
    if not sealed:
        return None
    try:
        parts = _serializer().loads(sealed)
    except BadData:
        return None
    return HeldForm(parts["address"], parts["membership_id"], [(name, value) for name, value in parts["fields"]])


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="held-form")
