"""Every operator's command group."""

from flask import Flask

from prevention.cli import gazetteer, reference, referrals

_GROUPS = (reference.group, gazetteer.group, referrals.group)


def init_app(app: Flask) -> None:
    """Register the command groups as ``flask <row> …``."""
    for group in _GROUPS:
        app.cli.add_command(group)
