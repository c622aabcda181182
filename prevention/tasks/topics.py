"""Which task answers which topic of the outbox. A test holds that every topic the product emits is listed here.

A task gets the payload's ids by name, and ``message_id``, the outbox row's, when its topic is listed in ``TASKS``. It
may run twice for one row, and tolerates it.
"""

#: Topic → the task that gets the ids.
TASKS: dict[str, str] = {
    "alert.raised": "alerts.send",
    "import.preview": "imports.preview",
    "import.run": "imports.run",
    "match.batch": "matches.compare_everybody",
}

#: Topics without ids: a bell that rows are waiting. One ring a batch is enough.
BELLS: dict[str, str] = {
    "amendments.answered": "referrals.settle_answered",
    "message.waiting": "notifications.send_waiting",
}
