"""Migrations: one line of them, up and down on an empty database, and nothing the models say that they do not."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from tests.architecture.source import ROOT
from tests.support.services import product_environment

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))


@pytest.fixture
def flask_on(make_database: Callable[[str], str], broker_url: str) -> tuple[str, Callable[..., str]]:
    """An own migrated database and a way to run ``flask db …`` on it."""
    url = make_database("migrations")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "db", *arguments],
            cwd=ROOT,
            env=os.environ | product_environment(url, broker_url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    return url, run


def test_one_head_and_names_that_are_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    for revision in scripts.walk_revisions():
        assert Path(revision.path).stem == revision.revision
    assert [path.stem[:4] for path in VERSIONS] == [f"{number:04}" for number in range(1, len(VERSIONS) + 1)]


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_of_ours_and_says_its_locks(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(module):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not [name for name in names if name.split(".")[0] == "prevention"], path
    assert "Lock:" in (ast.get_docstring(module) or "")


def test_the_environment_imports_only_the_metadata_of_ours() -> None:
    module = ast.parse((ROOT / "migrations" / "env.py").read_text(encoding="utf-8"))
    ours = [
        node.module
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prevention")
    ]
    assert ours == ["prevention.models.registry"]
    assert "lock_timeout" in ast.unparse(module)
    assert "statement_timeout" in ast.unparse(module)


def test_up_down_up_and_the_models_agree(flask_on: tuple[str, Callable[..., str]]) -> None:
    url, flask_db = flask_on
    flask_db("check")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    leftovers = text(
        "SELECT 'table ' || tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' "
        "UNION ALL SELECT 'function ' || proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace "
        "LEFT JOIN pg_depend d ON d.objid = pg_proc.oid AND d.deptype = 'e' "
        "WHERE nspname = 'public' AND d.objid IS NULL"
    )
    try:
        flask_db("downgrade", "base")
        with engine.connect() as connection:
            assert connection.scalars(leftovers).all() == []
        flask_db("upgrade")
        flask_db("check")
    finally:
        engine.dispose()
