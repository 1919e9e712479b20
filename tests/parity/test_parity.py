"""One process and two give the same marks: nbgrader's own `Execute` against `Examine`, cell by cell."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import nbgrader
import pytest
from broken import BROKEN
from helper import FUNCTIONS, find_cell, replaced
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade

from autograder.cli.demo import CLASS, mistakes_of_class, submission
from autograder.diagnosis.catalogue import Catalogue
from autograder.grading.engine import Engine
from autograder.notebook.cells import is_test
from autograder.notebook.specification import Specification, give_roles
from autograder.release import Bundle, load, store_notebook

# Where one process and two may differ, by docs/architecture.md. None of these is in the corpus.
DIFFERENCES: dict[tuple[str, str], str] = {}
USER_GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"


def half_done(solution: NotebookNode, release: NotebookNode, number: int) -> NotebookNode:
    """Return a notebook in which some functions are solved, some wrong and some untouched; always the same ones."""
    draw = random.Random(number)
    notebook = nbformat.from_dict(release)
    for name in FUNCTIONS:
        kind = draw.choice(["solved", "solved", "wrong", "untouched"])
        source = find_cell(solution, name).source
        if kind == "wrong":
            right, wrong = draw.choice([entry[1:] for entry in BROKEN if entry[0] == name])
            source = source.replace(right, wrong)
        if kind != "untouched":
            find_cell(notebook, name).source = source
    return notebook


def corpus(solution: NotebookNode, release: NotebookNode, catalogue: Catalogue) -> Iterator[tuple[str, NotebookNode]]:
    """Yield every honest notebook there is."""
    yield "solution", submission(solution, release, ())
    yield "release", nbformat.from_dict(release)
    for name, mistakes in mistakes_of_class(len(CLASS) + 8, catalogue):
        yield f"class {name}", submission(solution, release, mistakes)
    for number, (function, right, wrong) in enumerate(BROKEN):
        yield f"broken {number} {function}", replaced(submission(solution, release, ()), function, right, wrong)
    for number in range(10):
        yield f"half done {number}", half_done(solution, release, number)


def in_one_process(notebook: NotebookNode, specification: Specification, files: Path, folder: Path) -> dict[str, float]:
    """Return the points of each test by nbgrader's own executor, in a kernel."""
    copy = nbformat.from_dict(notebook)
    give_roles(copy, specification)
    shutil.copytree(files, folder, dirs_exist_ok=True)
    Execute(extra_arguments=["--IPKernelApp.log_level=ERROR"]).preprocess(copy, {"metadata": {"path": str(folder)}})
    return points(copy)


def in_two_processes(notebook: NotebookNode, engine: Engine, files: Path) -> dict[str, float]:
    """Return the points of each test by the engine, each function together with those that it needs."""
    copy = nbformat.from_dict(notebook)
    engine.examine(copy, files, carried_credit=None)
    return points(copy)


def points(notebook: NotebookNode) -> dict[str, float]:
    """Return the points of each test, by nbgrader's rules."""
    return {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in notebook.cells if is_test(cell)}


def compare(notebooks, engine: Engine, files: Path, tmp_path: Path) -> tuple[int, int]:
    """Grade notebooks both ways; return how many notebooks and cells agreed, and fail where they differ."""
    compared, cells = 0, 0
    for name, notebook in notebooks:
        one = in_one_process(notebook, engine.specification, files, tmp_path / str(compared))
        two = in_two_processes(notebook, engine, files)
        differing = {grade_id for grade_id in one if one[grade_id] != two[grade_id]}

        assert one.keys() == two.keys()
        assert {(name, grade_id) for grade_id in differing} <= DIFFERENCES.keys()
        compared, cells = compared + 1, cells + len(one)
    print(f"parity: {compared} notebooks, {cells} graded cells, 0 differences")
    return compared, cells


@pytest.fixture(scope="module")
def bundle(built_once) -> Bundle:
    """What was released of the first assignment."""
    return load(built_once.root / "bundles" / "step_by_step")


@pytest.fixture(scope="module")
def engine(bundle) -> Iterator[Engine]:
    """An engine for the first assignment."""
    with Engine(bundle, "step_by_step") as engine:
        yield engine


SAMPLE = ["solution", "class lars", "half done 3"]


def test_a_sample_gets_the_same_marks(solution, release, catalogue, engine, bundle, tmp_path):
    """A perfect notebook, one with a syntax error, and a half-done one."""
    chosen = [(name, notebook) for name, notebook in corpus(solution, release, catalogue) if name in SAMPLE]

    assert compare(chosen, engine, bundle.files, tmp_path) == (3, 51)


@pytest.mark.slow
def test_the_whole_corpus_gets_the_same_marks(solution, release, catalogue, engine, bundle, tmp_path):
    """Solution, release, every wrong variant, a class, and half-done notebooks."""
    compared, cells = compare(corpus(solution, release, catalogue), engine, bundle.files, tmp_path)

    assert compared == 2 + len(CLASS) + 8 + len(BROKEN) + 10
    assert cells == 17 * compared


@pytest.mark.slow
@pytest.mark.parametrize("name", ["problem1", "problem2"])
def test_nbgraders_own_example_course(name, tmp_path):
    """The course that nbgrader's guide describes, with its two students, graded both ways."""
    source = USER_GUIDE / "source" / "ps1" / f"{name}.ipynb"
    solved = nbformat.read(source, as_version=4)
    files = {path.name: path for path in source.parent.iterdir() if path.is_file() and path.suffix != ".ipynb"}
    solved_text = nbformat.writes(solved)
    stored = store_notebook(tmp_path / "bundle", name, solved_text, {}, files=files, siblings={name})
    handed_in = sorted(USER_GUIDE.glob(f"submitted/*/ps1/{name}.ipynb"))
    with Engine(stored, name) as engine:
        notebooks = [(path.parent.parent.name, nbformat.read(path, as_version=4)) for path in handed_in]

        assert compare(notebooks, engine, stored.files, tmp_path)[0] == len(handed_in) > 0
