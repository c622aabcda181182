"""Logs: one line an event, no personal data, no query strings."""

import logging

from flask import Flask


def init_app(app: Flask) -> None:
    """Write warnings and worse, and the product's own information lines, to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("prevention").setLevel(logging.INFO)
    app.logger.setLevel(logging.INFO)
