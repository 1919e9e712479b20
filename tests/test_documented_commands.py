"""Every command in the documents: run in a throw-away course, or named here with the reason why it is not.

`make test-all` runs them, page by page, and what a page shows as output has to be printed. `make test` sees that each
command and option exists.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import typer
from documents import KINDS, PAGES, Block, blocks, follow, inline_commands, not_printed
from helper import ROOT, copy_modules, find_cell, run_cells, up_to_last_grade_cell

from autograder.authoring.generate import generate
from autograder.cli.demo import mistakes_of, submission
from autograder.cli.main import app
from autograder.course import Course
from autograder.grading.settings import settings_in

ASSIGNMENT = "step_by_step"
# Commands that no test can run in a throw-away course, and why.
NOT_RUN = {
    "make setup": "it was run before any test could be",
    "make demo": "it sets up .venv from a package index; tests/cli/test_demo.py and tests/grading test what it does",
    "make test": "it is what runs this test",
    "make lab": "it serves until it is stopped; tests/browser/test_formgrader.py starts it",
    "python3 -m venv .venv": "the packages come from a package index; the list of them is compared below",
    "source .venv/bin/activate": "it changes the terminal only; the tests have the commands on their path",
    "pip install jupyterlab numpy matplotlib h5py pillow tqdm ipywidgets": "it needs a package index; compared below",
    "dask scheduler --host 10.0.0.1": "it serves until it is stopped; tests/scale starts one",
    "dask worker tcp://10.0.0.1:8786 --nthreads 1 --nworkers 8": "the same",
    "autograder grade step_by_step --scheduler tcp://10.0.0.1:8786": "tests/scale/test_command.py runs it",
    "createdb --host db.example.org --username grader gradebook": "tests/scale/test_postgres.py starts a server",
    "jupyter lab step_by_step.ipynb": "it serves until it is stopped; tests/browser/test_release.py opens the notebook",
}
# A page that is followed by a test of its own.
ELSEWHERE = {"docs/authoring.md": "authoring/test_new.py"}

CANVAS = {
    "costaada_10000_90007_step_by_step.ipynb": "ada",
    "diazelif_LATE_10001_90014_homework.ipynb": "elif",
    "itoben_10002_90021_step_by_step-1.ipynb": "ben",
}


@pytest.fixture
def course(tmp_path) -> Course:
    """A copy of the course as it is committed, with what a class has handed in lying beside it; nothing is released."""
    root = tmp_path / "course"
    copy_modules(root)
    for name in ("notebooks", "datasets", "source", "release"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Course(root)


@pytest.fixture
def handed_in(course, solution, release, catalogue) -> Course:
    """The course, with files from learning platforms under the names that the pages use."""
    root = course.root
    texts = {}
    for name, student in CANVAS.items():
        notebook = release if student == "ben" else submission(solution, release, mistakes_of(student, catalogue))
        texts[name] = nbformat.writes(notebook)
    with zipfile.ZipFile(root / "submissions.zip", "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    (root / "folder").mkdir()
    (root / "folder/kim01_try2.ipynb").write_text(next(iter(texts.values())), encoding="utf-8")
    (root / "my_notebook.ipynb").write_text(next(iter(texts.values())), encoding="utf-8")
    (root / "students.csv").write_text(
        "id,first_name,last_name,email,lms_user_id\nitoben_10002,Ben,Ito,ben@example.edu,10002\n", encoding="utf-8"
    )
    return course


@pytest.fixture
def place(request, handed_in, solution):
    """Where a page is followed: the instructors' begins before anything is released, the students' in their folder."""

    def of(page: str) -> Path:
        if page == "docs/students.md":
            folder = handed_in.root / "release" / ASSIGNMENT
            nbformat.write(solution, folder / f"{ASSIGNMENT}.ipynb")
            return folder
        if page != "docs/instructors.md":
            generate(handed_in.assignments([ASSIGNMENT])[0])
        return handed_in.root

    return of


def has_commands(page: str) -> bool:
    """Return whether a page has commands to be run here."""
    found = [command for block in blocks(page) for command in block.commands]
    return page not in ELSEWHERE and not all(command in NOT_RUN for command in found)


FOLLOWED = [page for page in PAGES if has_commands(page)]


class TestRun:
    """The commands, in the order in which a reader types them."""

    @pytest.mark.slow
    @pytest.mark.parametrize("page", FOLLOWED)
    def test_a_whole_page(self, place, page):
        """All commands but those that no test can run."""
        all_commands = [command for block in blocks(page) for command in block.commands]
        done = [command for command, _ in follow(blocks(page), place(page), lambda command: command not in NOT_RUN)]

        assert done == [command for command in all_commands if command not in NOT_RUN]

    @pytest.mark.parametrize(("command", "reason"), NOT_RUN.items(), ids=NOT_RUN)
    def test_not_run(self, command, reason):
        """Each is in a page, or the list is out of date; the reason is printed."""
        pages = [page for page in PAGES for block in blocks(page) if command in block.commands]
        assert pages, f"no page has {command!r} any more; take it off the list"
        pytest.skip(f"{command} ({', '.join(dict.fromkeys(pages))}): {reason}")

    def test_the_list_is_not_stale(self):
        """A page that is followed elsewhere is there, and followed."""
        assert ELSEWHERE.keys() <= set(PAGES)
        for test in ELSEWHERE.values():
            assert "follow(blocks(" in (ROOT / "tests" / test).read_text(encoding="utf-8")


class TestPages:
    """What can be seen without running anything."""

    @pytest.mark.parametrize("page", PAGES)
    def test_every_block_says_what_it_is(self, page):
        """So no command hides in a block that nobody runs."""
        assert [block.kind for block in blocks(page) if block.kind not in KINDS] == []
        starts = ("autograder ", "nbgrader ", "make ", "pip ", "jupyter ", "python ", "$ ")
        hidden = [
            line
            for block in blocks(page)
            if block.kind in ("text", "output", "toml")
            for line in block.text.split("\n")
            if line.startswith(starts)
        ]
        assert hidden == []

    @pytest.mark.parametrize("page", PAGES)
    def test_every_command_of_ours_exists(self, page):
        """In blocks with the arguments that are given; in sentences, which may leave these out, with the options."""
        group = typer.main.get_command(app)
        for line in [command for block in blocks(page) for command in block.commands]:
            program, name, *arguments = shlex.split(line)
            if program == "autograder":
                assert name in group.commands, f"{page}: {line}"
                group.commands[name].make_context(name, arguments, resilient_parsing=False)
        for line in inline_commands(page):
            match = re.match(r"autograder (\w+)(.*)", line)
            if match:
                assert match[1] in group.commands, f"{page}: {line}"
                options = {option for p in group.commands[match[1]].params for option in [*p.opts, *p.secondary_opts]}
                assert set(re.findall(r"--[\w-]+", match[2])) <= options, f"{page}: {line}"

    @pytest.mark.parametrize("page", PAGES)
    def test_targets_and_programs_that_sentences_name(self, page):
        """`make x` is a target, `python x` a file or a package that can be run."""
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        commands = [command for block in blocks(page) for command in block.commands]
        for text in [*inline_commands(page), *commands]:
            if match := re.match(r"make (\w[\w-]*)$", text):
                assert re.search(rf"^{match[1]}:", makefile, re.MULTILINE), f"{page}: {text}"
            if match := re.match(r"python ([\w./]+)", text):
                path = ROOT / match[1]
                assert path.is_file() or (path / "__main__.py").is_file(), f"{page}: {text}"

    @pytest.mark.parametrize("page", PAGES)
    def test_links_lead_somewhere(self, page):
        """Files that exist, and headings of them."""
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
            name, _, heading = target.partition("#")
            path = (ROOT / page).parent / name if name else ROOT / page
            assert path.exists(), f"{page}: {target}"
            if heading:
                anchors = [anchor(line) for line in re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)]
                assert heading in anchors, f"{page}: {target}"

    @pytest.mark.parametrize("page", PAGES)
    def test_settings_can_be_read(self, page, tmp_path):
        """What a page puts into nbgrader_config.py is Python that the course can be configured with."""
        shown = [block.text for block in blocks(page) if block.kind == "python" and block.file == "nbgrader_config.py"]
        shutil.copyfile(ROOT / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
        with (tmp_path / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write("\n".join(shown))

        assert settings_in(Course(tmp_path).nbgrader_config())

    def test_the_readme_is_short(self):
        """What, a picture, two commands, where next."""
        assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150

    def test_the_readme_lists_every_command(self):
        """With its options' names."""
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        for name, command in typer.main.get_command(app).commands.items():
            row = re.search(rf"^\| `autograder {name}\b.*$", text, re.MULTILINE)
            assert row, f"the README's table has no row for {name}"
            for parameter in command.params:
                spellings = [opt for opt in [*parameter.opts, *parameter.secondary_opts] if opt.startswith("--")]
                assert not spellings or any(opt in row[0] for opt in spellings), f"{name}: {spellings}"

    def test_the_readme_leads_to_every_page(self):
        """Or a page that it leads to does."""
        text = "".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)

        assert [page for page in PAGES[1:] if f"({page})" not in text and f"({Path(page).name}" not in text] == []

    def test_messages_in_the_table_of_troubles(self):
        """What an instructor looks up there is what the commands say."""
        text = (ROOT / "docs/instructors.md").read_text(encoding="utf-8").partition("## Trouble")[2]
        sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "autograder").rglob("*.py"))
        quoted = re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
        known = [message for message in quoted if message in re.sub(r'"\n\s*f?"', "", sources)]

        assert len(known) >= 5
        assert set(quoted) - set(known) == {"nbgrader: command not found"}  # the shell says that

    def test_the_architecture_names_every_module(self):
        """By its file's name; a package's own file needs none."""
        text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
        modules = [path for path in (ROOT / "autograder").rglob("*.py") if not path.name.startswith("__")]

        assert [path.name for path in modules if not re.search(rf"[`/]{path.name}`", text)] == []

    def test_students_install_what_the_project_says(self):
        """The package list for students is that of pyproject.toml, and Jupyter with its widgets."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        needed = {re.match(r"[\w-]+", text)[0] for text in project["dependencies"]}
        (command,) = [c for block in blocks("docs/students.md") for c in block.commands if c.startswith("pip install")]

        assert set(command.split()[2:]) == needed | {"jupyterlab", "ipywidgets"}

    def test_what_a_check_says(self, solution):
        """The students' page shows a wrong function, and what its check answers."""
        page = blocks("docs/students.md")
        (place,) = [n for n, block in enumerate(page) if block.kind == "python" and "def linear_forward" in block.text]
        wrong = nbformat.from_dict(solution)
        find_cell(wrong, "linear_forward").source = page[place].text
        error = run_cells(up_to_last_grade_cell(wrong)).errors["test_linear_forward"]

        assert page[place + 1] == Block("docs/students.md", "output", f"{error}\n", page[place + 1].file)


def anchor(heading: str) -> str:
    """Return the name that a heading has in links."""
    plain = re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
    return re.sub(r"\s", "-", plain.strip())


class TestNotPrinted:
    """How a page's output is compared."""

    PRINTED = "a  table\n\n ada   100  right\n ben     0\n"

    @pytest.mark.parametrize("shown", ["a table\n", "ada … right\nben 0\n", "a …\n\nben 0", "…100…"])
    def test_the_same(self, shown):
        """Spaces, lines in between and what … stands for do not matter."""
        assert not_printed(shown, self.PRINTED) is None

    @pytest.mark.parametrize(("shown", "missing"), [("ada 10 …", "ada 10 …"), ("ben 0\nada …", "ada …"), ("b", "b")])
    def test_different(self, shown, missing):
        """Another number, another order, a part of a line."""
        assert not_printed(shown, self.PRINTED) == missing
