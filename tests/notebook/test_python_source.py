"""Reading cells without running them."""

import pytest

from autograder.notebook.python_source import (
    bound_names,
    dotted_imports,
    imported_modules,
    not_imported,
    plain_python,
    read_names,
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1\ny, (z, *w) = 1, (2, 3)", {"x", "y", "z", "w"}),
        ("def f(a):\n    b = 1\nclass C:\n    d = 1\nasync def g(): pass", {"f", "C", "g"}),
        ("for i in []:\n    with open('x') as h:\n        k = 1", {"i", "h", "k"}),
        ("import numpy as np\nfrom os import path", set()),
        ("x: int = 1\nif (n := 3):\n    pass", {"x", "n"}),
        ("[q for q in range(3)]", set()),
        ("d['a'] = 1\nd.b = 2", set()),
        ("%matplotlib inline\n!ls\nx = 1", {"x"}),
        ("%%bash\nx=1", set()),
        ("def f(:", set()),
    ],
)
def test_bound_names(source, names):
    """Functions, classes and variables at the top level; no imports, no inner names."""
    assert bound_names(source) == names


def test_read_names():
    """Everything that is looked up, at any depth."""
    assert read_names("y = f(x)\ndef g():\n    return h(y)") == {"f", "x", "h", "y"}


def test_dotted_imports():
    """Every module that may be meant, whether a name is a module or in one; a dot is the package's own."""
    source = "import a.b\nfrom c.d import e, f\nfrom g import *\nfrom . import h\nfrom ..i import j"

    assert dotted_imports(source, "p.q") == set("a a.b c c.d c.d.e c.d.f g p p.q p.q.h p.i p.i.j".split())
    assert dotted_imports("from x import y") == {"x", "x.y"}


def test_imported_modules():
    """Top-level modules, also inside of functions."""
    assert imported_modules("import os.path\ndef f():\n    from json import loads\nfrom . import x") == {"os", "json"}


def test_not_imported():
    """What a cell would have imported if it had not stopped before."""
    source = "import json as j, os.path\nfrom math import pi\nfrom nowhere import *\nfrom collections import *\nf(x)"

    assert not_imported(source, {}) == ["j", "os", "pi", "nowhere"]
    assert not_imported(source, {"j": 0, "os": 0, "pi": 3}) == ["nowhere"]
    assert not_imported("1 +", {}) == []


def test_plain_python_keeps_the_lines():
    """Magics become pass, so that line numbers stay right."""
    assert plain_python("x = 1\n%time y\nif x:\n    !ls") == "x = 1\npass\nif x:\n    pass"
