"""What `make setup` decides: what is due, whose settings count, how a failure reads."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SETUP = Path(__file__).resolve().parent.parent.parent / "setup"


@pytest.fixture(scope="module")
def preparation() -> ModuleType:
    specification = importlib.util.spec_from_file_location("preparation", SETUP / "preparation.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def log(preparation: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(preparation, "ROOT", tmp_path)
    monkeypatch.setattr(preparation, "LOG", tmp_path / "var" / "log" / "setup.log")
    return tmp_path / "var" / "log" / "setup.log"


def test_a_fingerprint_changes_with_content_and_facts_only(preparation: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    missing = preparation.fingerprint([lock], "3.11")
    lock.write_text("a==1", encoding="ascii")
    first = preparation.fingerprint([lock], "3.11")
    assert missing != first
    lock.touch()
    assert preparation.fingerprint([lock], "3.11") == first
    assert preparation.fingerprint([lock], "3.12") != first
    lock.write_text("a==2", encoding="ascii")
    assert preparation.fingerprint([lock], "3.11") != first


def test_a_stamp_counts_only_for_its_value(preparation: ModuleType, tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert not preparation.is_stamped(stamp, "a")
    stamp.write_bytes(b"\xff")
    assert not preparation.is_stamped(stamp, "a")
    stamp.write_text("a\n", encoding="ascii")
    assert preparation.is_stamped(stamp, "a")
    assert not preparation.is_stamped(stamp, "b")


def test_uv_is_told_of_the_index_pip_uses(preparation: ModuleType) -> None:
    pip = "global.index-url='https://mirror.invalid/simple'\nglobal.cert='/etc/ca.pem'\n:env:.timeout='60'"
    settings = preparation.index_settings_for_uv({}, pip)
    assert settings["UV_DEFAULT_INDEX"] == "https://mirror.invalid/simple"
    assert settings["SSL_CERT_FILE"] == "/etc/ca.pem"


def test_uvs_own_settings_win(preparation: ModuleType) -> None:
    pip = "global.index-url='https://mirror.invalid/simple'\nglobal.cert='/etc/ca.pem'"
    own = {"UV_INDEX_URL": "https://own.invalid", "SSL_CERT_FILE": "/own.pem"}
    assert preparation.index_settings_for_uv(own, pip) == {"UV_PYTHON_DOWNLOADS": "never"}
    assert preparation.index_settings_for_uv({}, "") == {"UV_PYTHON_DOWNLOADS": "never"}


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("Temporary failure in name resolution", "The package index did not answer"),
        ("npm error code EAI_AGAIN", "The package index did not answer"),
        ("error: No space left on device (os error 28)", "The disk is full"),
        ("first\nHash mismatch for `x==1`\n", r"Installing failed \(Hash mismatch for `x==1`\)"),
        ("", r"Installing failed \(exit code 7\)"),
    ],
)
@pytest.mark.usefixtures("log")
def test_a_failure_is_one_sentence(preparation: ModuleType, output: str, sentence: str) -> None:
    problem = preparation.explain(subprocess.CompletedProcess([], 7, output), "installing")
    with pytest.raises(preparation.SetupProblem, match=sentence):
        raise problem
    assert "\n" not in str(problem)


def test_a_tools_words_are_kept(preparation: ModuleType, log: Path) -> None:
    result = preparation.run_tool([sys.executable, "-c", "print('hello'); raise SystemExit(3)"])
    assert result.returncode == 3
    assert "hello" in log.read_text(encoding="utf-8")


def test_the_licensed_typeface_is_left_out(preparation: ModuleType) -> None:
    css = (
        '@font-face{font-family:GDS Transport;src:url(/assets/fonts/a.woff2) format("woff2")}'
        "p{font-family:GDS Transport,arial,sans-serif}i{background:url(/assets/images/icon-x.svg)}"
        "/*# sourceMappingURL=a.css.map */"
    )
    assert preparation.own_typeface(css) == ("p{font-family:arial,sans-serif}i{background:url(images/icon-x.svg)}")


def test_only_what_is_served_is_copied(preparation: ModuleType, tmp_path: Path) -> None:
    for name, folder in {
        "govuk-frontend": "govuk-frontend/dist/govuk",
        "moj-frontend": "@ministryofjustice/frontend/moj",
    }.items():
        source = tmp_path / folder
        (source / "assets" / "images").mkdir(parents=True)
        (source / f"{name}.min.css").write_text("p{}", encoding="utf-8")
        (source / f"{name}.min.js").write_text("export {};\n//# sourceMappingURL=x\n", encoding="utf-8")
        for image in ("icon-a.svg", "govuk-crest.svg"):
            (source / "assets" / "images" / image).write_text("<svg/>", encoding="utf-8")
    destination = tmp_path / "vendor"
    (destination / "old").mkdir(parents=True)
    preparation.copy_assets(tmp_path, destination)
    served = sorted(str(path.relative_to(destination)) for path in destination.rglob("*") if path.is_file())
    assert served == [
        "govuk-frontend/govuk-frontend.min.css",
        "govuk-frontend/govuk-frontend.min.js",
        "govuk-frontend/images/icon-a.svg",
        "moj-frontend/images/icon-a.svg",
        "moj-frontend/moj-frontend.min.css",
    ]
    script = destination / "govuk-frontend" / "govuk-frontend.min.js"
    assert "sourceMappingURL" not in script.read_text(encoding="utf-8")


def test_the_entry_point_takes_no_arguments(preparation: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert preparation.main(["something"]) == 2
    assert "Usage" in capsys.readouterr().err


def test_no_lock_names_a_registry() -> None:
    root = SETUP.parent
    for path in (
        *(root / "requirements").iterdir(),
        root / "package.json",
        root / "package-lock.json",
        root / ".npmrc",
    ):
        assert "://" not in path.read_text(encoding="utf-8"), path
