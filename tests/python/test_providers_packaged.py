"""A provider as a distribution: the template's wheel is installed, and is there with no other step."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "host" / "cli" / "templates" / "python"
NAME = "grains"


def filled(text: str) -> str:
    """A text of the template for one name, as `iolink new-plugin` fills it."""
    words = {"@name@": NAME, "@dist@": NAME, "@NAME@": NAME.upper(), "@magic@": f"{NAME}\n".encode().hex()}
    for word, value in words.items():
        text = text.replace(word, value)
    return text


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    for file in TEMPLATE.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            target = folder / filled(str(file.relative_to(TEMPLATE))).replace("dot-", ".")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(filled(file.read_text()))
    sample = f"{NAME}\n".encode() + (7).to_bytes(4, "little") + (5).to_bytes(4, "little")
    sample += b"".join((at * 1000).to_bytes(2, "little") for at in range(35))
    (folder / "samples").mkdir()
    (folder / "samples" / f"small.{NAME}").write_bytes(sample)
    return folder


@pytest.fixture(scope="module")
def site(project):
    """A folder into which the project's wheel is installed."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", "."]
    subprocess.run([*pip, *wheel], cwd=project, check=True)
    (built,) = (project / "dist").glob("*.whl")
    assert built.name == f"iolink_provider_{NAME}-0.1.0-py3-none-any.whl"
    folder = project / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", folder, built], check=True)
    return folder


def run(site: Path, *arguments: str) -> list[str]:
    """What a fresh Python prints that finds the folder's distributions."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, cwd=site, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()


def test_a_first_provider_takes_fifteen_lines():
    (module,) = TEMPLATE.glob("*/__init__.py")
    assert len(module.read_text().splitlines()) <= 15


def test_an_installed_wheel_is_listed_and_opens_files_with_no_other_step(project, site):
    sample = project / "samples" / f"small.{NAME}"
    code = f"""
    import sys, iolink
    print([(p.kind, p.state, p.version) for p in iolink.plugins() if p.id == "org.example.{NAME}"])
    print("{NAME}_provider" in sys.modules)
    view = iolink.open({str(sample)!r})
    print(view.provider, view.shape(), view.read((1, 0)))
    print(iolink.open(open({str(sample)!r}, "rb")).shape())  # by its magic alone
    """
    assert run(site, "-c", textwrap.dedent(code)) == [
        "[('python', 'available', '0.1.0')]",
        "False",
        f"org.example.{NAME} VectorXu64(7, 5) 1000",
        "VectorXu64(7, 5)",
    ]


def test_its_own_tests_hold_and_so_does_every_promise(project, site):
    assert "2 passed" in run(site, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(project / "tests"))[-1]
    sample = project / "samples" / f"small.{NAME}"
    assert " 0 broken" in run(site, "-m", "iolink.testing", f"org.example.{NAME}", str(sample))[-1]


def test_an_editable_installation_is_found_too(project, tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    install = ["install", "--no-deps", "--no-build-isolation", "--target", tmp_path, "--editable", project]
    subprocess.run([*pip, *install], check=True)
    code = f"import iolink; print([p.state for p in iolink.plugins() if p.id == 'org.example.{NAME}'])"
    assert run(tmp_path, "-c", code) == ["['available']"]
