"""The catalogue: what it has to be, and what the committed one says."""

import ast
import re

import pytest
from helper import FUNCTIONS, ROOT

from autograder.authoring.build import build
from autograder.authoring.master import read_source
from autograder.course import Course
from autograder.diagnosis.catalogue import CatalogueError, solutions
from autograder.notebook.authoring_errors import BuildError
from autograder.notebook.markers import stub_regions
from autograder.release import load

WRONG = [
    ('id = "plus"', 'id = "no-division"', "misconception no-division: there are two entries of this id"),
    ('hint = "What is n for?"', "", "misconception no-division: 'hint' has to be text"),
    ('cause = "A slip."', "", "misconception plus: 'cause' has to be there"),
    ('instructor = "Added."', 'instructor = "Added."\npoints = 3', "'points' is not known; the keys are cause, change"),
    (
        'instructor = "Added."',
        'instructor = "Added."\nsame_as = "no-division"',
        "'same_as' and 'reason' belong together",
    ),
    (
        'instructor = "Added."',
        'instructor = "A"\nsame_as = "gone"\nreason = "b"',
        "same_as names 'gone', which has to be",
    ),
    ('new = "low"', 'new = "low / n"', "and 'new' something else"),
    ("change = [{", "change = [{ where = 1,", "'change' has to be a list of"),
    ('id = "plus"', "id = plus", "this is no TOML"),
    ("[[misconception]]", "[[misconceptions]]", "'misconceptions' is not known here"),
]


class TestRead:
    """Reading a catalogue."""

    def test_entries(self, small_catalogue):
        """In the file's order, each with its hints."""
        catalogue = small_catalogue()

        assert list(catalogue.entries) == ["plus", "no-division"]
        assert catalogue.entries["plus"].changes == (("high - low", "high + low"),)

    @pytest.mark.parametrize(("old", "new", "words"), WRONG)
    def test_what_is_wrong(self, small_catalogue, old, new, words):
        """The message names the file and the entry."""
        with pytest.raises(CatalogueError, match=re.escape(words)) as caught:
            small_catalogue(old, new)

        assert str(caught.value).split(", ")[0].split(": ")[0].endswith("small.misconceptions.toml")

    def test_hints_go_further_with_each_attempt(self, small_catalogue):
        """The last one stays."""
        entry = small_catalogue().entries["plus"]

        assert [entry.hint(attempt) for attempt in (1, 2, 3)] == ["Look again.", "Which sign?", "Which sign?"]


class TestApply:
    """The mistake in the solution."""

    def test_all_changes_at_once(self, catalogue, bench):
        """Two that turn each other's text into what the other looks for."""
        changed = catalogue.entries["laf-swapped"].apply(bench.solution.cells["linear_activation_forward"])

        assert changed.index("= relu(Z)") < changed.index("= sigmoid(Z)")

    @pytest.mark.parametrize("source", ["low / m", "low / n + low / n"])
    def test_what_does_not_fit(self, small_catalogue, source):
        """Neither missing nor double."""
        with pytest.raises(CatalogueError, match=r"'low / n' stands in the solution of spread [02] times"):
            small_catalogue().entries["no-division"].apply(source)

    def test_overlapping_changes(self, small_catalogue):
        """They would not both be there."""
        catalogue = small_catalogue("[{", "[{ old = 'low, low', new = 'low' }, {")

        with pytest.raises(CatalogueError, match="overlap"):
            catalogue.entries["plus"].apply("return high - low, low / n")

    def test_a_function_that_is_not_there(self, small_catalogue):
        """It is named, beside those that there are."""
        (problem, _) = small_catalogue().problems({"other": ""})

        assert "there is no function 'spread'; there is: other." in str(problem)

    def test_what_is_no_python(self, small_catalogue, small):
        """A mistake has to run until it goes wrong."""
        catalogue = small_catalogue('new = "low"', 'new = "low /"')
        problems = catalogue.problems(solutions(read_source(small).cells))

        assert [problem.cell for problem in problems] == ["no-division"]
        assert "the changed solution is no Python" in str(problems[0])


class TestBuild:
    """What a build makes of it."""

    def test_a_changed_solution_that_the_catalogue_does_not_know(self, built):
        """The build says which entries are out of date, and where."""
        master = built.root / "notebooks" / "step_by_step.py"
        master.write_text(master.read_text(encoding="utf-8").replace("np.dot(W, A) + b", "b + np.dot(W, A)"), "utf-8")
        with pytest.raises(BuildError) as caught:
            build(built.assignments(["step_by_step"])[0])

        first = str(caught.value).split("\n")[0]
        assert first.startswith(str(built.root / "notebooks" / "step_by_step.misconceptions.toml"))
        assert "misconception linear-no-bias: 'np.dot(W, A) + b' stands in the solution" in first

    def test_a_bundle_has_it_where_no_student_looks(self, built_once):
        """Beside the solved notebook, under the bundle's hash; not among the files, and not in the release."""
        bundle = load(built_once.root / "bundles" / "step_by_step")
        path = bundle.catalogue("step_by_step")

        assert path.read_bytes() == (ROOT / "notebooks" / "step_by_step.misconceptions.toml").read_bytes()
        for folder in (bundle.files, built_once.root / "release", built_once.root / "source"):
            texts = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
            assert texts
            assert not any(b"lb-no-mean" in text or b"misconception" in text for text in texts)

    def test_a_course_without_one(self, built):
        """Everything goes on without."""
        assignment = built.assignments(["step_by_step"])[0]
        assignment.catalogue.unlink()
        build(assignment)

        assert load(built.root / "bundles" / "step_by_step").catalogue("step_by_step") is None


def squeezed(text: str) -> str:
    """Return a text without what may differ in writing the same code."""
    return re.sub(r"[\s`]", "", text).replace("'", '"')


def answers(source: str) -> set[str]:
    """Return what would give away a solution: every right-hand side, call, product and keyword of its regions."""
    regions = [(region.begin, region.end) for region in stub_regions(source)]
    found = set()
    for node in ast.walk(ast.parse(source)):
        inside = any(begin <= getattr(node, "lineno", -1) <= end for begin, end in regions)
        if inside and isinstance(node, ast.Call | ast.BinOp | ast.keyword | ast.stmt | ast.Subscript):
            found.add(squeezed(ast.unparse(node)))
        if inside and isinstance(node, ast.Assign) and not isinstance(node.value, ast.Name):
            found.add(squeezed(ast.unparse(node.value)))
    # A name and a number say nothing by themselves.
    return {answer for answer in found if len(answer) > 5}


class TestCommitted:
    """What stands in notebooks/."""

    def test_there_are_many_and_for_each_function(self, catalogue):
        """At least 60 for the ten functions of the first assignment."""
        assert len(catalogue.entries) >= 60
        assert {entry.function for entry in catalogue.entries.values()} == set(FUNCTIONS)

    def test_no_hint_has_the_solution(self, catalogue, solution):
        """No statement, right-hand side, call or keyword of it, however it is spaced."""
        cells = solutions(solution.cells)
        for entry in catalogue.entries.values():
            told = squeezed(" ".join(entry.hints))
            assert [answer for answer in answers(cells[entry.function]) if answer in told] == [], entry.id

    def test_the_test_of_hints_notices_one(self, solution):
        """Or else it would prove nothing."""
        told = squeezed("Did you write `np.sum( dZ, axis = 1,keepdims=True)`?")

        assert any(answer in told for answer in answers(solutions(solution.cells)["linear_backward"]))

    def test_hints_are_for_students(self, catalogue):
        """Sentences, and never what the instructor reads."""
        for entry in catalogue.entries.values():
            assert all(hint.rstrip()[-1] in ".?" for hint in entry.hints), entry.id
            assert entry.instructor not in entry.hints, entry.id

    def test_every_assignment_fits_its_catalogue(self):
        """All that are committed."""
        for assignment in Course(ROOT).assignments():
            if assignment.catalogue.is_file():
                from autograder.authoring.build import catalogue_problems
                from autograder.authoring.master import read_master

                assert catalogue_problems(assignment, read_master(assignment.master)) == []
