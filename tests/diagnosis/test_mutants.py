"""Mechanical changes of a solution."""

import ast

import pytest

from autograder.diagnosis.catalogue import CatalogueError
from autograder.diagnosis.mutants import Explanation, Mutant, mutants, read_explanations, unexplained


def changed(body: str) -> set[str]:
    """Return what the statement of a function with arguments a and b is changed to."""
    return {mutant.after for mutant in mutants("f", f"def f(a, b):\n    '''Doc.'''\n    {body}\n")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a + b", {"return a - b", "return a", "return b", "return a + a", "return b + b"}),
        ("return -a", {"return a", "return -b"}),
        ("return a < 2", {"return a <= 2", "return a < 3", "return a < 1"}),
        ("x = np.dot(a, b.T)", {"x = np.dot(b.T, a)", "x = np.dot(a, b)", "x = np.multiply(a, b.T)"}),
        ("x = g(a, axis=1)", {"x = g(a)", "x = g(a, axis=0)", "x = g(b, axis=1)", ""}),
        ("x = g(keepdims=True)", {"x = g(keepdims=False)", "x = g()"}),
        ("for i in range(1, b): pass", {"for i in range(1, b - 1):", "for i in range(0, b):", ""}),
        ("return a['W'], 'b'", {"return ('b', a['W'])", "return (a['w'], 'b')", "return (a['b'], 'b')"}),
        ("x, y = g(a)", {"y, x = g(a)", "x, y = g(b)"}),
        ("if a == 'relu': return 1", {"if a != 'relu':", "if a == 'RELU':"}),
    ],
)
def test_what_is_changed(body, expected):
    """Operators, constants, arguments, keywords, names, transposes, ranges, keys, targets."""
    assert expected <= changed(body)


def test_asserts_and_docstrings_stay():
    """They are given."""
    assert changed("assert a.shape == (b, 1)") == set()


def test_each_is_python_and_different():
    """And the function that it was made of stays what it is."""
    source = "def f(a, b):\n    for i in range(a):\n        b = b + i * 2\n    return b\n"
    made = list(mutants("f", source))
    texts = [mutant.source for mutant in made]

    assert len(texts) == len(set(texts)) > 20
    assert ast.unparse(ast.parse(source)) not in texts
    assert all(ast.parse(text) for text in texts)
    assert {mutant.before for mutant in made} == {"for i in range(a):", "b = b + i * 2", "return b"}


MUTANT = Mutant("f", "x = a", "x = b", "...")


class TestExplanations:
    """Why a mutant survives."""

    def test_one_that_fits(self, tmp_path):
        """Nothing is wrong."""
        assert unexplained([MUTANT], [Explanation("f", "x = a", "x = b", "The same.")], tmp_path) == []

    def test_a_survivor_without_one(self, tmp_path):
        """The change is named, with what to do."""
        (problem,) = unexplained([MUTANT], [], tmp_path / "some.survivors.toml")

        assert "all tests pass with f: `x = a` changed to `x = b`" in str(problem)
        assert "say why in some.survivors.toml" in str(problem)

    def test_one_without_a_survivor(self, tmp_path):
        """It is out of date."""
        (problem,) = unexplained(
            [], [Explanation("f", "x = a", "x = b", "The same.")], tmp_path / "some.survivors.toml"
        )

        assert "no mutant survives that changes `x = a` to `x = b` in f" in str(problem)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[[survivor]]\nfunction = 'f'", "has function, before, after and reason"),
            ("[[survivor]]\nfunction = 'f'\nbefore = 'a'\nafter = 'b'\nreason = ' '", "say why `a` may become `b`"),
            ("[[survivor]]\nfunction = 'f'\nbefore = 'a'\nafter = 1\nreason = 'c'", "are texts"),
            ("[[", "this is no TOML"),
        ],
    )
    def test_what_is_wrong(self, tmp_path, text, words):
        """The file is named."""
        path = tmp_path / "some.survivors.toml"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(CatalogueError, match=words) as caught:
            read_explanations(path)
        assert str(path) in str(caught.value)

    def test_no_file(self, tmp_path):
        """Then nothing is explained."""
        assert read_explanations(tmp_path / "none.toml") == []
