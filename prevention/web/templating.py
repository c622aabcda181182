"""Sets up Jinja: loaders of the design system, filters, and the few globals the layouts call."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from flask import Flask, url_for
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader

from prevention.web import filters, form_errors

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
STATIC = Path(__file__).resolve().parents[1] / "static"
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def init_app(app: Flask) -> None:
    """Give the app the repository's templates, the GOV.UK Design System's, our filters and the layouts' globals.

    The app's static folder must be ``prevention/static`` under the endpoint ``static``.
    """
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(TEMPLATES),
            PrefixLoader(
                {
                    "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                    "govuk_frontend_wtf": PackageLoader("govuk_frontend_wtf"),
                }
            ),
        ]
    )
    WTFormsHelpers(app)
    filters.register(app)
    app.add_template_global(asset)
    app.add_template_global(form_errors.error_list, "error_list")
    app.add_template_global(_now, "now")


def asset(filename: str) -> str:
    """Return the URL of a static file with its content's fingerprint, so that a new release is never served stale.

    A file that is not there (vendor files before set-up) gets a plain URL.
    """
    path = STATIC / filename
    if not path.is_file():
        return url_for("static", filename=filename)
    stat = path.stat()
    return url_for("static", filename=filename, v=_fingerprint(path, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=256)
def _fingerprint(path: Path, _modified_ns: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _now() -> datetime:
    """Give templates the present in UTC, for "Printed at" lines."""
    return datetime.now(UTC)
