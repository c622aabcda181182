"""What beat rings, how often, and the modules that hold tasks."""

from typing import Any

MODULES = (
    "prevention.tasks.accounts",
    "prevention.tasks.outbox",
    "prevention.tasks.followups",
    "prevention.tasks.imports",
    "prevention.tasks.matches",
    "prevention.tasks.referrals",
    "prevention.tasks.notifications",
)

#: Seconds between rings. The rows say what is due; a ring that is missed is made good by the next.
BEAT: dict[str, dict[str, Any]] = {
    "relay-outbox": {"task": "outbox.relay", "schedule": 2.0, "options": {"expires": 10}},
    "pick-follow-ups": {"task": "followups.pick_due", "schedule": 15.0, "options": {"expires": 30}},
    "plan-mark-reviews": {"task": "followups.plan_mark_reviews", "schedule": 300.0, "options": {"expires": 120}},
    "remove-ended-sessions": {
        "task": "accounts.remove_ended_sessions",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "count-names": {"task": "matches.count_names", "schedule": 3600.0, "options": {"expires": 600}},
    "resume-imports": {"task": "imports.resume", "schedule": 60.0, "options": {"expires": 120}},
    "expire-previews": {"task": "imports.expire_previews", "schedule": 3600.0, "options": {"expires": 600}},
    "settle-answered-amendments": {
        "task": "referrals.settle_answered",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "send-messages": {"task": "notifications.send_waiting", "schedule": 10.0, "options": {"expires": 30}},
}
