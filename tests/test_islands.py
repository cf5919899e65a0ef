"""The scripts of pages are built from `islands`, are small, and come with the licenses of what is in them."""

from __future__ import annotations

import gzip
import json
import lzma
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from threatgraph.web.static_files import static_file

ROOT = Path(__file__).resolve().parents[1]
ISLANDS, STATIC = ROOT / "islands", ROOT / "src" / "threatgraph" / "web" / "static"
#: The maximum size of the scripts of a page, compressed.
LARGEST = 150_000


@pytest.fixture(scope="module")
def islands(npm: Callable[..., Path]) -> Path:
    return npm("islands", ROOT)


@pytest.mark.peers
def test_the_scripts_are_those_of_the_sources(islands: Path, tmp_path: Path) -> None:
    """After a change of `islands`: cd islands && npm ci && npm run build."""
    subprocess.run(["npm", "run", "--silent", "build", "--", str(tmp_path)], cwd=islands, check=True, timeout=120)
    built = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {"sparql-editor.js", "sparql-worker.js", "LICENSES.txt"} <= built.keys()
    for name, content in built.items():
        assert (STATIC / name).read_bytes() == content, f"{name} is not that of the sources: build the islands again"
    engine = islands / "node_modules" / "oxigraph" / "web_bg.wasm"
    assert static_file("oxigraph.wasm").content == engine.read_bytes()


@pytest.mark.peers
def test_the_types_of_the_sources_are_right(islands: Path) -> None:
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=islands, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_scripts_are_small_and_need_nothing_from_elsewhere() -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes(), mtime=0)) for file in STATIC.glob("*.js")}
    assert sizes["sparql-editor.js"] + sizes["sparql-worker.js"] <= LARGEST, sizes
    for file in STATIC.glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\b(?:eval|importScripts|document\.write)\(|new Function\(", text), file.name
        assert not re.search(r"""(?:fetch|import|Worker)\(["'`]https?:""", text), file.name
    assert len(lzma.decompress((STATIC / "oxigraph.wasm.xz").read_bytes())) < 4_500_000


def test_the_licenses_of_all_packages_are_listed() -> None:
    listed = (STATIC / "LICENSES.txt").read_text(encoding="utf-8")
    packages = json.loads((ISLANDS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, version in packages.items():
        assert f"{name} {version} (" in listed
    for license_name in re.findall(r"^\S+ [\d.]+ \((.+)\)$", listed, re.MULTILINE):
        assert license_name in ("MIT", "MIT OR Apache-2.0"), license_name
