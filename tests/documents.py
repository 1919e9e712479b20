"""The pages of the documentation, as something that can be followed: their blocks, and what to do with each.

sh       commands, run one after the other in the same folder; each has to succeed
output   what the last command prints, line by line and in this order; … stands for anything, other lines may be between
diff     an edit of the file that the text before named: in `notebooks/first_loss.py`
python   lines to be added to nbgrader_config.py, if the text before named that; else only something to read
toml, text   something to read
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helper import ROOT

PAGES = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]
KINDS = ("sh", "output", "diff", "python", "toml", "text")
CONFIG = "nbgrader_config.py"
# No command takes that long, on a busy machine either.
SECONDS = 600

_PART = re.compile(
    r"^```(?P<kind>\S*)\n(?P<text>.*?)^```$|^#+ (?P<heading>.*?)$|\b[Ii]n `(?P<file>[\w/.]+)`", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `file` is the one that its section named last before it."""

    page: str
    kind: str
    text: str
    file: str | None

    @property
    def commands(self) -> list[str]:
        """The commands of a block for the shell, without comments, one for each line that is not continued."""
        if self.kind != "sh":
            return []
        lines = re.sub(r"\\\n\s*", "", self.text).split("\n")
        found = [re.sub(r"(^|\s+)#\s.*$", "", line).strip() for line in lines]
        return [line for line in found if line]


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return list(_blocks(page, (ROOT / page).read_text(encoding="utf-8")))


def _blocks(page: str, text: str) -> Iterator[Block]:
    file = None
    for part in _PART.finditer(text):
        if part["kind"] is None:
            file = part["file"]  # a heading ends what was said before
        else:
            yield Block(page, part["kind"], part["text"], file)


def inline_commands(page: str) -> list[str]:
    """Return what stands in a page's sentences as code."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def follow(
    page: list[Block], folder: Path, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, str]]:
    """Do what a page says in a folder, and yield each command with what it printed.

    wanted -- whether a command is to be run; where it is not, what it prints is not looked at
    """
    printed: str | None = None
    for block in page:
        for command in block.commands:
            printed = run(command, folder) if wanted(command) else None
            if printed is not None:
                yield command, printed
        if block.kind == "diff":
            assert block.file is not None, f"{block.page}: no file is named before this edit:\n{block.text}"
            edit(folder / block.file, block.text)
        elif block.kind == "python" and block.file == CONFIG:
            with (folder / CONFIG).open("a", encoding="utf-8") as config:
                config.write(f"\n{block.text}")
        elif block.kind == "output" and printed is not None:
            missing = not_printed(block.text, printed)
            assert not missing, f"{block.page} shows {missing!r}, which is not what is printed:\n{printed}"


def run(command: str, folder: Path) -> str:
    """Run a shell command that must succeed, and return what it printed."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"exit code {done.returncode} of: {command}\n{done.stdout}\n{done.stderr}"
    return f"{done.stdout}\n{done.stderr}"


def not_printed(shown: str, printed: str) -> str | None:
    """Return the first line of a page that a command did not print after the lines before it; None if it did all."""
    lines = iter([" ".join(line.split()) for line in printed.split("\n")])
    for text in shown.split("\n"):
        parts = [re.escape(part) for part in " ".join(text.split()).split("…")]
        if text.strip() and not any(re.fullmatch(".*".join(parts), line) for line in lines):
            return text
    return None


def edit(file: Path, diff: str) -> None:
    """Replace the lines that begin with - by those that begin with +; they must stand in the file exactly once."""
    old = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line.startswith("-"))
    new = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line.startswith("+"))
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name} does not say exactly once:\n{old}"
    file.write_text(text.replace(old, new), encoding="utf-8")
