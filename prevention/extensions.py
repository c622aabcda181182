"""Extensions, unbound: ``app.py`` binds them."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf import CSRFProtect
from sqlalchemy.orm import scoped_session

from prevention.models.registry import Base
from prevention.unit_of_work import GuardedSession


class ProductSession(GuardedSession, FlaskSession):
    """The guarded session with Flask-SQLAlchemy's choice of engine."""


db = SQLAlchemy(model_class=Base, session_options={"class_": ProductSession})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)


def current_session() -> GuardedSession:
    """The session of this request, task or command."""
    scoped: scoped_session[FlaskSession] = db.session
    session = scoped()
    if not isinstance(session, GuardedSession):  # a wiring mistake, never a user's
        raise TypeError("the session is not guarded")
    return session


def disconnect(app: Flask) -> None:
    """Close the connections to the database that ``app`` keeps ready, when its process or its test ends."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
