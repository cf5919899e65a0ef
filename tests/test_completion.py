"""Completion in real shells: what a person gets by pressing the tab key."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from threatgraph.analytics.networks import NETWORKS
from threatgraph.catalog import load_catalog
from threatgraph.cli import main
from threatgraph.cli.commands import GROUPS
from threatgraph.cli.completion import SCRIPTS
from threatgraph.cli.parser import build_parser
from threatgraph.export import FORMATS
from threatgraph.vocab import KINDS

COMMANDS = {command.name for group in GROUPS.values() for command in group}
THREATGRAPH = str(Path(sys.executable).parent / "threatgraph")


def complete(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The candidates for the last word, without their descriptions."""
    assert main(["complete", "--", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [line.partition("\t")[0] for line in out.splitlines()]


def test_commands_and_their_words_are_completed(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(complete(capsys, "")) == COMMANDS | {"analyse"}
    assert complete(capsys, "sh") == ["show"]
    assert set(complete(capsys, "export", "--format", "")) == set(FORMATS)
    assert complete(capsys, "export", "--format=tu") == ["--format=turtle"]
    assert set(complete(capsys, "list", "")) == set(KINDS)
    assert set(complete(capsys, "analyze", "communities", "--network", "")) == set(NETWORKS)
    assert "--framework" in complete(capsys, "recommend", "--f")
    assert complete(capsys, "completion", "b") == ["bash"]
    assert complete(capsys, "--no-color", "new", "inc") == ["incident"]


def test_records_are_completed_by_code_slug_and_prefixed_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert complete(capsys, "show", "PAT-AGT-003") == complete(capsys, "show", "pat-agt-003") == ["PAT-AGT-003"]
    assert "goal-drift" in complete(capsys, "show", "goal")
    assert complete(capsys, "show", "pattern:goal-dr") == ["pattern:goal-drift"]
    assert "eu-ai-act:article-14" in complete(capsys, "show", "eu-ai-act:article-1")
    assert set(complete(capsys, "new", "pattern", "--domain", "DOM-S")) == {"DOM-SEC", "DOM-SOC", "DOM-SYS"}
    assert complete(capsys, "analyze", "path", "goal-drift", "PAT-AGT-003") == ["PAT-AGT-003"]
    assert complete(capsys, "analyze", "path", "goal-drift", "PAT-AGT-003", "PAT") == []


def test_queries_and_their_parameters_are_completed(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(complete(capsys, "run", "")) == set(complete(capsys, "queries", "")) == set(load_catalog())
    assert complete(capsys, "run", "patterns-by-cause", "-p", "ca") == ["cause="]
    assert complete(capsys, "run", "patterns-by-cause", "-p", "cause=CAUSE-009") == ["cause=CAUSE-009"]


def test_what_is_wrong_or_has_no_names_has_no_candidates(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["shwo", "x"], ["run", "nope", "-p", "x"], ["show", "--data", "gone.ttl", "no-such-record"]):
        assert complete(capsys, *words) == []
    assert complete(capsys, "validate", "") == [":files"]


def test_every_command_and_option_can_be_completed_and_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    parser = build_parser()
    parser.fill()
    for name in COMMANDS:
        command = parser.subcommands()[name]
        command.fill()
        for path, one in {name: command, **{f"{name} {n}": sub for n, sub in command.subcommands().items()}}.items():
            one.fill()
            options = {option for option in one._option_string_actions if option.startswith("--")}
            assert set(complete(capsys, *path.split(), "--")) == options
            assert all(action.help for action in one._actions if action.option_strings), path


# In the shells themselves.


def in_shell(tmp_path: Path, shell: str, script: str) -> list[str]:
    """Run a script in a shell that has loaded our completion; the words that it prints."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    completion = tmp_path / f"completion.{shell}"
    assert main(["completion", shell, "-o", str(completion)]) == 0
    command = script.replace("COMPLETION", shlex.quote(str(completion))).replace("THREATGRAPH", THREATGRAPH)
    options = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *options, "-c", command], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


BASH = """
source COMPLETION
COMP_LINE={line}; COMP_POINT=${{#COMP_LINE}}
_threatgraph 2> /dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sho", ["show"]),
        ("show PAT-AGT-003", ["PAT-AGT-003"]),
        ("show pat-agt-003", ["PAT-AGT-003"]),
        ("show pattern:goal-dr", ["goal-drift"]),  # bash replaces what follows the colon
        ("run patterns-by-ca", ["patterns-by-cause"]),
        ("run patterns-by-cause -p cau", ["cause="]),
        ("run patterns-by-cause -p cause=CAUSE-009", ["CAUSE-009"]),
        ("export --format=tu", ["turtle"]),
        ("validate da", ["data.ttl"]),
        ("new pattern --domain DOM-SO", ["DOM-SOC"]),
    ],
)
def test_bash(tmp_path: Path, line: str, expected: list[str]) -> None:
    (tmp_path / "data.ttl").touch()
    script = BASH.format(line=shlex.quote(f"{THREATGRAPH} {line}"))
    assert in_shell(tmp_path, "bash", script) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sho", ["show"]),
        ("show PAT-AGT-003", ["PAT-AGT-003"]),
        ("run patterns-by-cause -p cause=CAUSE-009", ["cause=CAUSE-009"]),
        ("validate da", ["data.ttl"]),
    ],
)
def test_fish(tmp_path: Path, line: str, expected: list[str]) -> None:
    (tmp_path / "data.ttl").touch()
    path = shlex.quote(str(Path(THREATGRAPH).parent))
    script = f"set PATH {path} $PATH; source COMPLETION; complete -C {shlex.quote(f'threatgraph {line}')}"
    assert [found.partition("\t")[0] for found in in_shell(tmp_path, "fish", script)] == expected


def test_zsh(tmp_path: Path) -> None:
    """In zsh, candidates can only be had by pressing the key, so a shell runs in a terminal of its own."""
    path = shlex.quote(str(Path(THREATGRAPH).parent))
    script = f"""
    PATH={path}:$PATH
    zmodload zsh/zpty
    zpty terminal 'PS1="ready " zsh -f -i'
    zpty -w terminal 'autoload -Uz compinit; compinit -u -D; source COMPLETION; print loa''ded'
    zpty -r terminal seen '*loaded*'
    zpty -w -n terminal 'threatgraph show PAT-AGT-00'$'\\t'
    sleep 4
    zpty -w -n terminal $'\\t'
    sleep 2
    while zpty -r -t terminal seen; do print -r -- $seen; done
    """
    began = time.monotonic()
    shown = "\n".join(in_shell(tmp_path, "zsh", script))
    assert "Goal Drift" in shown, (shown, time.monotonic() - began)


def test_the_scripts_are_valid(tmp_path: Path) -> None:
    for shell in SCRIPTS:
        assert main(["completion", shell, "-o", str(tmp_path / shell)]) == 0
        if shutil.which(shell):
            subprocess.run([shell, "-n", str(tmp_path / shell)], check=True, timeout=20)
