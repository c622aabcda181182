"""Rules every module keeps."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT, ROOT, calls, modules, text_files, tree, where

#: Who else may read the clock, and why.
CLOCK_READERS = {
    "prevention/unit_of_work.py": "the one clock",
    "prevention/web/filters.py": "relative times on a page when a test passes no time",
    "prevention/web/templating.py": "the present for templates",
    "prevention/blueprints/patterns/routes.py": "a page of examples, not in production",
    "prevention/demonstration": "invents data around today, and waits for processes",
}
CLOCKS = re.compile(r"\b(datetime|date)\.(now|utcnow|today)\(|\btime\.time\(|\b(utcnow|today)\(\)")
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "shared", "stuff"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|HACK)\b|NotImplementedError|@pytest\.mark\.skip|lorem ipsum", re.IGNORECASE)


def test_only_the_unit_of_work_commits() -> None:
    found = [
        where(path, call.lineno)
        for path in modules()
        if path.name != "unit_of_work.py"
        for name, call in calls(path)
        if name.endswith(".commit")
    ]
    assert not found, "\n".join(found)


def test_only_entry_points_open_a_unit_of_work() -> None:
    allowed = {"web", "cli", "tasks", "demonstration", "blueprints", "unit_of_work.py"}
    found = [
        where(path, call.lineno)
        for path in modules()
        if path.relative_to(PRODUCT).parts[0] not in allowed
        for name, call in calls(path)
        if name in {"unit_of_work", "work_as"}
    ]
    assert not found, "\n".join(found)


def test_entry_points_neither_query_nor_record_by_hand() -> None:
    """Reading is a query's, and a trace or a message is a service's, so that both are found in their rows."""
    by_hand = re.compile(r"^(select|insert|update|delete)$|\.(scalars?|execute|get_one)$|^work\.(record|emit)$")
    found = [
        f"{where(path, call.lineno)} {name}"
        for path in modules()
        if path.relative_to(PRODUCT).parts[0] in {"blueprints", "cli", "tasks"}
        for name, call in calls(path)
        if by_hand.search(name) and where(path) != "prevention/blueprints/health/routes.py"  # asks whether it answers
    ]
    assert not found, "\n".join(found)


def test_the_clock_is_read_in_one_place() -> None:
    found = []
    for path in modules():
        name = where(path)
        if any(name.startswith(reader) for reader in CLOCK_READERS):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if CLOCKS.search(line):
                found.append(f"{name}:{number}")
    assert not found, "use work.now, or prevention.unit_of_work.utc_now() at an entry point"


def test_services_queries_policies_read_no_clock_even_by_name() -> None:
    layers = {"services", "queries", "policies", "models", "domain", "matching"}
    found = [
        where(path, call.lineno)
        for path in modules()
        if path.relative_to(PRODUCT).parts[0] in layers
        for name, call in calls(path)
        if name.split(".")[-1] == "utc_now"
    ]
    assert not found, "\n".join(found)


def test_modules_are_named_after_the_field() -> None:
    vague = [where(path) for path in ROOT.rglob("*.py") if path.stem in VAGUE_NAMES and ".venv" not in path.parts]
    assert not [name for name in vague if not name.startswith(("node_modules", "var"))]


def test_packages_are_empty_but_for_the_version() -> None:
    for path in modules():
        if path.name != "__init__.py":
            continue
        statements = [node for node in tree(path).body if not _is_docstring(node)]
        if path.parent == PRODUCT:
            assert [type(node) for node in statements] == [ast.Assign]
        else:
            assert not statements, where(path)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_called_from_outside(name: str) -> bool:
    return not name.startswith("_")


def test_everything_public_says_what_it_promises() -> None:
    missing = []
    for path in modules():
        if path.name == "__init__.py":
            continue
        if ast.get_docstring(tree(path)) is None:
            missing.append(where(path, 1))
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and _is_called_from_outside(node.name):
                if path.relative_to(PRODUCT).parts[0] in {"blueprints", "cli"} and node.decorator_list:
                    continue  # a view or command: its name and address say it (pyproject.toml, per-file-ignores)
                missing += _without_docstring(path, node)
    assert not missing, "\n".join(missing)


def _without_docstring(path: Path, node: ast.ClassDef | ast.FunctionDef) -> list[str]:
    found = [f"{where(path, node.lineno)} {node.name}"] if ast.get_docstring(node) is None else []
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef) and _is_called_from_outside(inner.name):
                found += _without_docstring(path, inner)
    return found


@pytest.mark.parametrize("layer", ["services", "queries"])
def test_the_signature_tells_the_truth(layer: str) -> None:
    """What takes ``work`` writes, what takes ``session`` reads: the first parameter of a service is ``work``."""
    wrong = []
    for path in sorted((PRODUCT / layer).rglob("*.py")):
        for node in tree(path).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            names = [argument.arg for argument in node.args.args]
            if layer == "services" and "session" in names:
                wrong.append(where(path, node.lineno))
            if layer == "services" and "work" in names and names[0] != "work":
                wrong.append(where(path, node.lineno))
            if layer == "queries" and "work" in names:
                wrong.append(where(path, node.lineno))
    assert not wrong


def test_nothing_is_left_unfinished() -> None:
    found = []
    for path in [*text_files(), *sorted((ROOT / "tests").rglob("*.py"))]:
        if path.is_relative_to(ROOT / "tests" / "architecture") or path.name == "plan.md":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if UNFINISHED.search(line):
                found.append(f"{where(path, number)}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_the_products_words_are_about_the_product() -> None:
    """No word of how it was made: who reads it wants to know how it works."""
    words = re.compile(
        r"\.\./shared|shared/(architecture|domain|screens|offline|linkage|peers|examples)\.md"
        r"|\bissue \d|\bissues (show|list)\b"
        r"|\b(coding agent|language model|chatbot|AI assistant|sub-?agent|Claude|Anthropic|OpenAI|ChatGPT)\b",
        re.IGNORECASE,
    )
    found = []
    for path in text_files():
        if path.name == "plan.md":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if words.search(line):
                found.append(f"{where(path, number)}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(
        r"(files\.pythonhosted|pypi\.(org|python)|registry\.(npmjs|yarnpkg)|npmjs\.(com|org))", re.IGNORECASE
    )
    places = [*text_files(), ROOT / ".npmrc", ROOT / "package-lock.json", *sorted((ROOT / "requirements").iterdir())]
    found = [where(path) for path in places if path.is_file() and hosts.search(path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)
