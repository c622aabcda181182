"""Reads the product's own source, so that guards can say file and line."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "prevention"
TEMPLATES = ROOT / "templates"


def modules() -> list[Path]:
    """Every module of the product, in the order of their paths."""
    return sorted(path for path in PRODUCT.rglob("*.py") if "vendor" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def where(path: Path, line: int = 0) -> str:
    """A path below the repository, with the line when there is one."""
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a module with its dotted name, such as ``session.commit``; ``.commit`` for a call on a call."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """The dotted name of an expression, with nothing before the dot where it is not a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def text_files() -> list[Path]:
    """Files of the product that people read: code, templates, styles, scripts, documents."""
    endings = {".py", ".html", ".txt", ".md", ".css", ".mjs", ".js", ".json", ".toml", ".in", ".cfg", ".ini"}
    places = [PRODUCT, TEMPLATES, ROOT / "docs", ROOT / "migrations", ROOT / "setup", ROOT / "requirements"]
    found = [
        path for place in places for path in place.rglob("*") if path.suffix in endings and "vendor" not in path.parts
    ]
    found += [path for path in ROOT.iterdir() if path.is_file() and (path.suffix in endings or path.name == "Makefile")]
    return sorted(path for path in found if "__pycache__" not in path.parts)
