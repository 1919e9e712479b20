"""Which names of a cell are global: the same on every version of Python."""

import sys

import pytest

from autograder.notebook.python_source import bound_names, imported_names, read_names

needs_type_parameters = pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")


@pytest.mark.parametrize(
    ("source", "bound", "read"),
    [
        pytest.param("[q for q in r]", set(), {"r"}, id="list"),
        pytest.param("{q for q in r}", set(), {"r"}, id="set"),
        pytest.param("{q: w for q, w in r}", set(), {"r"}, id="dict"),
        pytest.param("(q for q in r)", set(), {"r"}, id="generator"),
        pytest.param("a = [q for q in r if q > k]", {"a"}, {"r", "k"}, id="with a condition"),
        pytest.param("[w for q in r for w in q]", set(), {"r"}, id="two loops"),
        pytest.param("[(q, s) for q, (s, *t) in r]", set(), {"r"}, id="unpacked"),
        pytest.param("[[q * w for w in r] for q in s]", set(), {"r", "s"}, id="nested"),
        pytest.param("[q for q in [w for w in r]]", set(), {"r"}, id="nested in what is looped over"),
        pytest.param("[lambda: q + k for q in r]", set(), {"r", "k"}, id="function inside"),
        pytest.param("[q for q in q]", set(), {"q"}, id="over a global of the same name"),
        pytest.param("[q for q in r]\nq", set(), {"r", "q"}, id="beside a global of the same name, read"),
        pytest.param("q = 1\n[q for q in r]", {"q"}, {"r"}, id="beside a global of the same name, bound"),
        pytest.param("[y := f(q) for q in r]", {"y"}, {"f", "r"}, id="that binds in its surroundings"),
        pytest.param("[[y := q for q in s] for s in r]", {"y"}, {"r"}, id="nested, that binds in its surroundings"),
        pytest.param("[(y := q, y) for q in r]", {"y"}, {"y", "r"}, id="that reads what it binds"),
        pytest.param("def f(n):\n return [q + k + n for q in n]", {"f"}, {"k"}, id="in a function"),
        pytest.param("def f():\n [q for q in ()]\n return q", {"f"}, {"q"}, id="in a function, beside a global"),
        pytest.param("def f():\n [y := q for q in ()]\n return y", {"f"}, set(), id="in a function, that binds there"),
        pytest.param(
            "def f():\n global y\n return [y := q for q in ()], [y for q in ()]",
            {"f"},
            {"y"},
            id="in a function, that binds a global",
        ),
        pytest.param("class C:\n a = [q for q in r]", {"C"}, {"r"}, id="in a class"),
        pytest.param("class C:\n x = 1\n a = [x for q in x]", {"C"}, {"x"}, id="in a class, which it does not see"),
        pytest.param("class C:\n x = ()\n a = [q for q in x]", {"C"}, set(), id="in a class, over what is its own"),
    ],
)
def test_comprehension(source, bound, read):
    """Its variable is its own, what it binds by := is not, and all else that it names is looked up."""
    assert (bound_names(source), read_names(source)) == (bound, read)


@pytest.mark.parametrize(
    ("source", "bound", "read"),
    [
        pytest.param("def f(a, /, b, *c, d, **e):\n return a, b, c, d, e, g", {"f"}, {"g"}, id="arguments"),
        pytest.param("def f(a=x, *, b=y): pass", {"f"}, {"x", "y"}, id="defaults"),
        pytest.param("f = lambda a, b=a: a + b", {"f"}, {"a"}, id="defaults of a lambda"),
        pytest.param("@d(x)\ndef f(a: t) -> u: pass", {"f"}, {"d", "x", "t", "u"}, id="decorator and annotations"),
        pytest.param("def f():\n x = 1\n def g():\n  return x", {"f"}, set(), id="of the function around it"),
        pytest.param("def f():\n x = 1\n def g():\n  nonlocal x\n  x = 2", {"f"}, set(), id="nonlocal"),
        pytest.param("def f():\n global x\n x = 1\n def g():\n  return x", {"f"}, {"x"}, id="global"),
        pytest.param("def f():\n return x\n x = 1", {"f"}, set(), id="bound after it is read"),
        pytest.param("def top(x):\n return x", {"top"}, set(), id="a function named as symtable names a module"),
        pytest.param("def f():\n x += 1", {"f"}, set(), id="added to, in a function"),
        pytest.param("x += y", {"x"}, {"x", "y"}, id="added to"),
        pytest.param("del x", {"x"}, set(), id="deleted"),
        pytest.param("x: t = y", {"x"}, {"t", "y"}, id="annotated"),
        pytest.param("class C(B, metaclass=M):\n x = y\n z = x", {"C"}, {"B", "M", "y"}, id="class"),
        pytest.param(
            "class C:\n x = 1\n def m(self):\n  return x, __class__, super()", {"C"}, {"x", "super"}, id="method"
        ),
        pytest.param("try:\n f()\nexcept E as e:\n pass", {"e"}, {"f", "E"}, id="except"),
        pytest.param("try:\n f()\nexcept* E as e:\n pass", {"e"}, {"f", "E"}, id="except*"),
        pytest.param(
            "match m:\n case [a, *b]: pass\n case {'k': c, **d}: pass\n case P(x=e) | K.v as g: pass\n case _: pass",
            {"a", "b", "c", "d", "e", "g"},
            {"m", "P", "K"},
            id="match",
        ),
        pytest.param("f'{x!r:{width}} {[q for q in r]}'", set(), {"x", "width", "r"}, id="f-string"),
        pytest.param("for i in r:\n with o as h: k = i", {"i", "h", "k"}, {"r", "o", "i"}, id="loop and with"),
        pytest.param("(y := x)", {"y"}, {"x"}, id="assignment expression"),
        pytest.param(
            "def f[T: b](a: T) -> t:\n return T, g", {"f"}, {"b", "t", "g"}, id="generic", marks=needs_type_parameters
        ),
        pytest.param("class C[T](B[T]):\n x = T", {"C"}, {"B"}, id="generic class", marks=needs_type_parameters),
        pytest.param(
            "class C:\n t = 1\n def f[*T, **P](self, a: t) -> T:\n  return t",
            {"C"},
            {"t"},
            id="generic method",
            marks=needs_type_parameters,
        ),
        pytest.param("type X[T] = list[T, y]", {"X"}, {"list", "y"}, id="type alias", marks=needs_type_parameters),
        pytest.param("f'{d['k']} {f'{x}'}'", set(), {"d", "x"}, id="nested quotes", marks=needs_type_parameters),
    ],
)
def test_scope(source, bound, read):
    """What functions, classes and the like bind for themselves is not global."""
    assert (bound_names(source), read_names(source)) == (bound, read)


def test_imported():
    """What is imported is not counted as bound, even if it is bound as well."""
    source = "import a.b, c as d\nfrom e import *\nfrom f import g as h\nd = 1\ndef i():\n import j"

    assert imported_names(source) == {"a", "d", "h"}
    assert bound_names(source) == {"i"}


def test_what_cannot_be_compiled_has_no_names():
    """A declaration in the wrong place keeps the whole cell from running."""
    source = "x = 1\ndef f():\n    y = 1\n    global y"

    assert bound_names(source) == read_names(source) == set()


def test_a_sum_of_many_terms():
    """Names are found however deep an expression is nested, as long as Python can compile it."""
    assert read_names("x = " + " + ".join(["y"] * 400 + ["z"])) == {"y", "z"}
