"""Who may see alerts and sent messages: their own agency's people. Each rule has two faces, held equal by a test."""

from sqlalchemy import ColumnElement, false, true

from prevention.domain.account import Actor, Permission
from prevention.models.notification import Alert, Message, MessageState
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_view_alert(actor: Actor, alert: Alert) -> Decision:
    """Coordinators and supervisors see the alerts of their agency; to everybody else there are none."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.CASE_TRIAGE) or actor.agency_id != alert.agency_id:
        return HIDE
    return ALLOW


def visible_alerts(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Alert``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.CASE_TRIAGE):
        return false()
    return Alert.agency_id == actor.agency_id


def may_acknowledge_alert(actor: Actor, alert: Alert) -> Decision:
    """Whoever sees an alert may say they have seen it, by name: a machine has none."""
    if actor.user_id is None:
        return deny("An alert is acknowledged by a person.")
    return may_view_alert(actor, alert)


def may_view_message(actor: Actor, message: Message) -> Decision:
    """Coordinators, supervisors and administrators see the messages their agency sent."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.MESSAGES_VIEW) or actor.agency_id != message.agency_id:
        return HIDE
    return ALLOW


def visible_messages(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Message``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.MESSAGES_VIEW):
        return false()
    return Message.agency_id == actor.agency_id


def may_retry_message(actor: Actor, message: Message) -> Decision:
    """Whoever sees a message may send it again when it failed and has somewhere to go."""
    seen = may_view_message(actor, message)
    if not seen.allowed:
        return seen
    if message.state is not MessageState.FAILED:
        return deny("Only a message that failed can be sent again.")
    if not message.recipient:
        return deny("This message has no usable mailbox. Contact the referrer another way.")
    return ALLOW
