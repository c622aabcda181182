"""Every operator's command group."""

from flask import Flask

from prevention.cli import accounts, agencies, demonstration, gazetteer, matching, notifications, reference, referrals

_GROUPS = (
    accounts.group,
    agencies.group,
    demonstration.group,
    gazetteer.group,
    matching.group,
    notifications.group,
    reference.group,
    referrals.group,
)


def init_app(app: Flask) -> None:
    """Register the command groups as ``flask <row> …``."""
    for group in _GROUPS:
        app.cli.add_command(group)
