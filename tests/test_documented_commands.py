"""Every command in the documents exists, with the options that are given there."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from helper import ROOT

from autograder.cli import app

PAGES = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]


def commands(page: str) -> list[str]:
    """Return the command lines of ours in the blocks of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    blocks = [block for kind, block in fenced if kind in ("", "sh")]
    lines = [line.split("  #")[0].split(" # ")[0].strip() for block in blocks for line in block.split("\n")]
    return [line for line in lines if line.startswith("autograder ")]


@pytest.mark.parametrize("page", PAGES)
def test_commands_parse(page):
    """Nothing is run; an unknown command, option or argument is an error."""
    group = typer.main.get_command(app)
    for line in commands(page):
        name, *arguments = shlex.split(re.sub(r"\[[^\]]*\]", "", line))[1:]
        command = group.commands[name]
        command.make_context(name, [argument for argument in arguments if argument != "..."], resilient_parsing=False)


def test_there_are_some():
    """The pages for instructors and authors are full of them."""
    assert len(commands("docs/instructors.md")) >= 15
    assert len(commands("docs/authoring.md")) >= 5


def test_the_readme_lists_every_command():
    """With its options' names."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, command in typer.main.get_command(app).commands.items():
        row = re.search(rf"^\| `autograder {name}\b.*$", text, re.MULTILINE)
        assert row, f"the README's table has no row for {name}"
        for parameter in command.params:
            spellings = [opt for opt in [*parameter.opts, *parameter.secondary_opts] if opt.startswith("--")]
            assert not spellings or any(opt in row[0] for opt in spellings), f"{name}: {spellings}"
