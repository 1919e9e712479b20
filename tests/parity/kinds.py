"""Kinds of exercises and of tests that courses really have: each with its solution, a wrong answer, and its tests."""

from __future__ import annotations

from dataclasses import dataclass

BLANK = "raise NotImplementedError()"


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    solution, wrong -- what is in the solution cell: solved, and wrongly
    tests -- the tests, in order
    given -- an ordinary cell before the solution cell, and one behind it
    blank -- the solution cell as it was released
    """

    solution: str
    wrong: str
    tests: tuple[str, ...]
    given: tuple[str, str] = ("", "")
    blank: str = BLANK


def function(body: str, wrong: str, *tests: str, before: str = "", after: str = "", name: str = "f(x)") -> Exercise:
    """Return an exercise in which a function of one line is to be written."""
    return Exercise(
        f"def {name}:\n    {body}",
        f"def {name}:\n    {wrong}",
        tests,
        (before, after),
        f"def {name}:\n    # YOUR CODE HERE\n    {BLANK}",
    )


# Functions of one line, by the kind of value that they take or return, or of the test that judges them.
ONE_LINERS = {
    "integers": function("return x + 1", "return x", "assert f(2) == 3"),
    "floats": function("return x / 3", "return x / 2", "assert abs(f(1) - 0.3333) < 0.001"),
    "complex numbers": function("return complex(x, 1)", "return complex(1, x)", "assert f(2) == 2 + 1j"),
    "large integers": function("return 7 ** x", "return 7 * x", "assert f(300) % 1000 == 1"),
    "strings": function("return x.upper()", "return x", "assert f('ab') == 'AB'"),
    "bytes": function("return x.encode()", "return b''", "assert f('é') == b'\\xc3\\xa9'"),
    "lists": function("return sorted(x)", "return x", "assert f([2, 1]) == [1, 2]"),
    "lists in place": function("x.sort()", "pass", "a = [2, 1]\nf(a)\nassert a == [1, 2]"),
    "tuples": function("return (x, x)", "return [x, x]", "assert f(1) == (1, 1)"),
    "sets": function("return set(x)", "return list(x)", "assert f('aab') == {'a', 'b'}"),
    "dictionaries": function("return {x: 1}", "return {1: x}", "assert f('a') == {'a': 1}"),
    "views": function("return x.keys()", "return x.values()", "assert set(f({'a': 1})) == {'a'}"),
    "counters": function(
        "return Counter(x)", "return Counter()", "assert f('aab')['a'] == 2", before="from collections import Counter"
    ),
    "deques": function(
        "return deque(x, maxlen=2)",
        "return deque(x)",
        "assert f([1, 2, 3]) == deque([2, 3])\nassert f([1]).maxlen == 2",
        before="from collections import deque",
    ),
    "default dictionaries": function(
        "d = defaultdict(list); d[x].append(1); return d",
        "return defaultdict(list)",
        "assert f('a') == {'a': [1]}",
        before="from collections import defaultdict",
    ),
    "None": function("return None", "return 0", "assert f(1) is None"),
    "truth": function("return x > 1", "return x", "assert f(2) is True\nassert f(1) is False"),
    "ranges": function("return range(x)", "return range(1, x)", "assert list(f(3)) == [0, 1, 2]"),
    "slices": function("return slice(x)", "return slice(1, x)", "assert [1, 2, 3][f(2)] == [1, 2]"),
    "generators": function("yield from (x, x)", "yield x", "assert list(f(1)) == [1, 1]"),
    "iterators": function("return iter([x, 2])", "return iter([])", "i = f(1)\nassert next(i) == 1 and next(i) == 2"),
    "maps and filters": function("return map(str, x)", "return map(int, x)", "assert list(f([1, 2])) == ['1', '2']"),
    "zips": function("return zip(x, x)", "return zip(x)", "assert list(f([1])) == [(1, 1)]"),
    "functions": function("return lambda y: x + y", "return lambda y: x", "assert f(1)(2) == 3"),
    "callbacks": function("return [x(i) for i in range(3)]", "return []", "assert f(lambda i: i * i) == [0, 1, 4]"),
    "keywords": function(
        "return (a, b, more)",
        "return (b, a, more)",
        "assert f(1, b=2, c=3) == (1, 2, {'c': 3})",
        name="f(a, *, b, **more)",
    ),
    "defaults": function("return x * n", "return x + n", "assert f(3) == 6\nassert f(3, n=3) == 9", name="f(x, n=2)"),
    "recursion": function("return 1 if x < 2 else x * f(x - 1)", "return x", "assert f(5) == 120"),
    "arrays": function(
        "return x - x.mean()",
        "return x",
        "assert np.allclose(f(np.array([1.0, 3.0])), [-1, 1])",
        before="import numpy as np",
    ),
    "arrays in place": function(
        "x[:] = 0", "x[0] = 0", "a = np.ones(3)\nf(a)\nassert (a == 0).all()", before="import numpy as np"
    ),
    "arrays of strings": function(
        "return np.array([x, 'b'])",
        "return np.array(['b', x])",
        "assert f('a').tolist() == ['a', 'b']\nassert f('a').dtype.kind == 'U'",
        before="import numpy as np",
    ),
    "dates in arrays": function(
        "return np.array(x, dtype='datetime64[D]')",
        "return np.array(x)",
        "assert f(['2024-02-28'])[0] + np.timedelta64(2, 'D') == np.datetime64('2024-03-01')",
        before="import numpy as np",
    ),
    "closeness": function(
        "return np.sqrt(x)",
        "return x",
        "np.testing.assert_allclose(f(np.array([4.0])), [2.0])",
        before="import numpy as np",
    ),
    "shapes": function(
        "return x.T", "return x", "assert f(np.zeros((2, 3))).shape == (3, 2)", before="import numpy as np"
    ),
    "seeded numbers": function(
        "return np.random.randn(x)",
        "return np.random.rand(x)",
        "np.random.seed(1)\na = f(3)\nnp.random.seed(1)\nassert np.array_equal(a, np.random.randn(3))",
        before="import numpy as np",
    ),
    "dates": function(
        "return date(x, 1, 1)",
        "return date(x, 1, 2)",
        "assert f(2024) == date(2024, 1, 1)",
        before="from datetime import date",
    ),
    "spans of time": function(
        "return timedelta(days=x)",
        "return timedelta(hours=x)",
        "assert f(2).total_seconds() == 172800",
        before="from datetime import timedelta",
    ),
    "times with zones": function(
        "return datetime(x, 1, 1, tzinfo=timezone.utc)",
        "return datetime(x, 1, 1)",
        "assert f(2024).isoformat() == '2024-01-01T00:00:00+00:00'",
        before="from datetime import datetime, timezone",
    ),
    "decimals": function(
        "return Decimal(x) / 3",
        "return x / 3",
        "assert f('1') * 3 < 1\nassert isinstance(f('1'), Decimal)",
        before="from decimal import Decimal",
    ),
    "fractions": function(
        "return Fraction(x, 3)",
        "return x / 3",
        "assert f(1) + f(2) == 1\nassert type(f(1)) is Fraction",
        before="from fractions import Fraction",
    ),
    "paths": function(
        "return Path(x) / 'b'",
        "return Path(x)",
        "assert f('a').name == 'b'\nassert f('a') == Path('a/b')",
        before="from pathlib import Path",
    ),
    "enumerations": function(
        "return Colour.RED if x else Colour.BLUE",
        "return Colour.BLUE",
        "assert f(1) is Colour.RED\nassert f(0) == Colour.BLUE",
        before="from enum import Enum\nclass Colour(Enum):\n    RED = 1\n    BLUE = 2",
    ),
    "given dataclasses": function(
        "return Point(x, 1)",
        "return Point(1, x)",
        "assert f(2) == Point(2, 1)\nassert isinstance(f(2), Point)",
        before="from dataclasses import dataclass\n@dataclass\nclass Point:\n    a: int\n    b: int",
    ),
    "given named tuples": function(
        "return Pair(x, 1)",
        "return Pair(1, x)",
        "assert f(2).a == 2\nassert f(2) == (2, 1)",
        before="from collections import namedtuple\nPair = namedtuple('Pair', 'a b')",
    ),
    "identifiers": function(
        "return UUID(int=x)", "return UUID(int=0)", "assert f(5).int == 5", before="from uuid import UUID"
    ),
    "patterns": function(
        "return re.compile(x)",
        "return re.compile('z')",
        "assert f('a+').search('baa').group() == 'aa'",
        before="import re",
    ),
    "matches": function(
        "return re.search('[0-9]+', x)",
        "return re.search('[a-z]+', x)",
        "assert f('a12').group() == '12'",
        before="import re",
    ),
    "exceptions": function(
        "return 1 / x",
        "return 0",
        "try:\n    f(0)\nexcept ZeroDivisionError as error:\n    assert 'division' in str(error)\nelse:\n    assert False",
    ),
    "exceptions of one's own": Exercise(
        "class Broke(Exception):\n    pass\ndef f(x):\n    raise Broke(x)",
        "class Broke(Exception):\n    pass\ndef f(x):\n    raise ValueError(x)",
        ("try:\n    f(3)\nexcept Broke as error:\n    assert error.args == (3,)\nelse:\n    assert False",),
        blank=f"class Broke(Exception):\n    pass\ndef f(x):\n    {BLANK}",
    ),
    "printing": function(
        "print('hello', x)",
        "print(x)",
        "out = io.StringIO()\nwith redirect_stdout(out):\n    f('you')\nassert out.getvalue() == 'hello you\\n'",
        before="import io\nfrom contextlib import redirect_stdout",
    ),
    "questions": function(
        "return input('?') + x",
        "return x",
        "with patch('builtins.input', return_value='a'):\n    assert f('b') == 'ab'",
        before="from unittest.mock import patch",
    ),
    "source": function(
        "return sum(i for i in x)",
        "return sum(x)",
        "assert f([1, 2]) == 3\nassert 'for' in inspect.getsource(f)",
        before="import inspect",
    ),
    "signatures": function(
        "return a + b",
        "return a",
        "assert list(inspect.signature(f).parameters) == ['a', 'b']\nassert f(1, 2) == 3",
        before="import inspect",
        name="f(a, b)",
    ),
    "docstrings": Exercise(
        "def f(x):\n    'Return x.'\n    return x",
        "def f(x):\n    return x",
        ("assert f.__doc__ == 'Return x.'\nassert f.__name__ == 'f'",),
        blank=f"def f(x):\n    {BLANK}",
    ),
    "files that a function writes": function(
        "open('made.txt', 'w').write(x)",
        "open('made.txt', 'w').write('no')",
        "f('yes')\nassert open('made.txt').read() == 'yes'",
    ),
    "files that a test writes": function(
        "return open(x).read().split()",
        "return []",
        "with open('words.txt', 'w') as file:\n    file.write('a b')\nassert f('words.txt') == ['a', 'b']",
    ),
    "calls that are counted": function(
        "return [x(1), x(2)]",
        "return [x(1)]",
        "mock = Mock(return_value=5)\nassert f(mock) == [5, 5]\nassert mock.call_count == 2",
        before="from unittest.mock import Mock",
    ),
    "context managers": Exercise(
        "from contextlib import contextmanager\n@contextmanager\ndef f(x):\n    x.append('in')\n    yield x\n    x.append('out')",
        "from contextlib import contextmanager\n@contextmanager\ndef f(x):\n    yield x",
        ("log = []\nwith f(log) as inner:\n    assert inner == ['in']\nassert log == ['in', 'out']",),
        blank=f"def f(x):\n    {BLANK}",
    ),
    "decorators": Exercise(
        "def f(x):\n    return lambda *a: 2 * x(*a)",
        "def f(x):\n    return x",
        ("@f\ndef one():\n    return 1\nassert one() == 2",),
        blank=f"def f(x):\n    {BLANK}",
    ),
    "coroutines": Exercise(
        "async def f(x):\n    await asyncio.sleep(0)\n    return x + 1",
        "async def f(x):\n    return x",
        ("assert await f(1) == 2",),
        ("import asyncio", ""),
        f"async def f(x):\n    {BLANK}",
    ),
    "coroutines that are run": Exercise(
        "async def f(x):\n    return x + 1",
        "async def f(x):\n    return x",
        (
            "import threading\nresult = []\nthread = threading.Thread(target=lambda: result.append(asyncio.run(f(1))))\n"
            "thread.start(); thread.join()\nassert result == [2]",
        ),
        ("import asyncio", ""),
        f"async def f(x):\n    {BLANK}",
    ),
    "test cases": function(
        "return x * 2",
        "return x",
        "class Tests(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(f(2), 4)\n"
        "suite = unittest.defaultTestLoader.loadTestsFromTestCase(Tests)\n"
        "result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)\nassert result.wasSuccessful()",
        before="import unittest, io",
    ),
    "plain text": function("return f'{x:>5}'", "return str(x)", "assert f(7) == '    7'"),
    "records in JSON": function(
        "return json.dumps({'a': x})", "return ''", "assert json.loads(f([1])) == {'a': [1]}", before="import json"
    ),
    "partial functions": function(
        "return partial(pow, x)",
        "return partial(pow, 1)",
        "assert f(2)(3) == 8",
        before="from functools import partial",
    ),
    "caches": Exercise(
        "from functools import lru_cache\n@lru_cache(None)\ndef f(x):\n    return x * x",
        "def f(x):\n    return x * x",
        ("f(2); f(2)\nassert f.cache_info().hits == 1",),
        blank=f"def f(x):\n    {BLANK}",
    ),
}

TABLES = {
    "series": function(
        "return x * 2",
        "return x",
        "pd.testing.assert_series_equal(f(pd.Series([1, 2])), pd.Series([2, 4]))",
        before="import pandas as pd",
    ),
    "frames": function(
        "return x.groupby('a').sum()",
        "return x",
        "table = f(pd.DataFrame({'a': list('xxy'), 'b': [1, 2, 3]}))\nassert table.loc['x', 'b'] == 3\nassert list(table.index) == ['x', 'y']",
        before="import pandas as pd",
    ),
    "frames in place": function(
        "x['c'] = x.a + x.b",
        "x['d'] = x.a",
        "table = pd.DataFrame({'a': [1], 'b': [2]})\nf(table)\nassert table.c.tolist() == [3]",
        before="import pandas as pd",
    ),
    "frames that must not change": function(
        "return x.assign(c=1)",
        "x['c'] = 1; return x",
        "table = pd.DataFrame({'a': [1]})\nf(table)\nassert list(table.columns) == ['a']",
        before="import pandas as pd",
    ),
    "frames of a given cell": function(
        "return x.dropna()",
        "return x",
        "assert len(clean) == 1\nassert clean.a.iloc[0] == 'x'",
        before="import pandas as pd\ndirty = pd.DataFrame({'a': ['x', None]})",
        after="clean = f(dirty)",
    ),
    "indexes": function(
        "return pd.date_range(x, periods=2)",
        "return pd.Index([x])",
        "assert f('2024-02-28')[1].day == 29",
        before="import pandas as pd",
    ),
    "stamps": function(
        "return pd.Timestamp(x)", "return x", "assert f('2024-03-01').month == 3", before="import pandas as pd"
    ),
    "groups": function(
        "return x.groupby('a')",
        "return x",
        "assert f(pd.DataFrame({'a': [1, 1], 'b': [2, 3]})).b.sum().tolist() == [5]",
        before="import pandas as pd",
    ),
}

# Whose a name is: what a given cell makes of the student's work, and what that work changes in place.
PARTS = {
    "a variable of a given cell": function(
        "return x - x.mean()",
        "return x",
        "assert abs(centred.mean()) < 1e-9\nassert centred.shape == (3,)",
        before="import numpy as np\nraw = np.array([1.0, 2, 3])",
        after="centred = f(raw)",
    ),
    "a model that a given cell fits": Exercise(
        "class Model:\n    def fit(self, x):\n        self.m = sum(x) / len(x)\n    def predict(self):\n        return self.m",
        "class Model:\n    def fit(self, x):\n        self.m = 0\n    def predict(self):\n        return self.m",
        ("assert accuracy == 4", "assert model.m == 4"),
        ("", "model = Model()\nmodel.fit([3, 5])\naccuracy = model.predict()"),
        f"class Model:\n    def fit(self, x):\n        {BLANK}",
    ),
    "a stack that a given cell uses": Exercise(
        "class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n        self.items.append(x)",
        "class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n        self.items = [x]",
        ("assert s.items == [1, 2]",),
        ("", "s = Stack()\ns.push(1)\ns.push(2)"),
        "class Stack:\n    pass",
    ),
    "a module that is written": Exercise(
        "%%writefile shapes.py\ndef area(w, h):\n    return w * h",
        "%%writefile shapes.py\ndef area(w, h):\n    return w + h + 10",
        (
            "assert area(2, 3) == 6",
            "assert shapes.area(2, 2) == 4",
            "import shapes as z\nfrom shapes import area as y\nassert z.area(2, 2) == 4 and y(1, 5) == 5",
        ),
        ("", "from shapes import area\nimport shapes"),
        "%%writefile shapes.py\n# YOUR CODE HERE",
    ),
    "a list changed in place by a given cell": function(
        "x.sort()", "x.reverse()", "assert data == [1, 2, 3]", before="data = [3, 1, 2]", after="f(data)"
    ),
    "a list that the solution fills": Exercise(
        "fruits.append('kiwi')",
        "fruits.append('x')",
        ("assert fruits == ['fig', 'kiwi']",),
        ("fruits = ['fig']", ""),
        "",
    ),
    "an import": Exercise(
        "import cmath", "import math as cmath", ("assert abs(cmath.sqrt(-1) - 1j) < 1e-9",), blank=""
    ),
    "a magic": function(
        "return x + 1", "return 0", "assert q == 8", "assert r == 4", after="%time r = f(3)\nq = r * 2"
    ),
    "given functions that call it": function(
        "return x + 1",
        "return 0",
        "assert total == 5",
        "assert twice(1) == 3",
        "assert log == [2]",
        before="def twice(x):\n    return f(f(x))\nlog = []\ndef note(x):\n    log.append(f(x))",
        after="total = twice(3)\nnote(1)",
    ),
    "a loop": function(
        "return x + 1",
        "return 0",
        "assert values == [1, 2, 3]",
        "assert n == 3 and sum(values) == 6",
        after="values = []\nfor i in range(3):\n    values.append(f(i))\nn = len(values)",
    ),
    "a file in between": function(
        "open('between.txt', 'w').write(str(x))",
        "open('between.txt', 'w').write('9')",
        "assert back == 5",
        after="f(5)\nback = int(open('between.txt').read())",
    ),
    "a decorated function": Exercise(
        "def double(g):\n    return lambda x: 2 * g(x)",
        "def double(g):\n    return g",
        ("assert decorated(1) == 4",),
        ("", "@double\ndef decorated(x):\n    return x + 1"),
        f"def double(g):\n    {BLANK}",
    ),
    "a class derived from it": Exercise(
        "class Base:\n    def hello(self):\n        return 'hi'",
        "class Base:\n    def hello(self):\n        return 'ho'",
        ("assert c.hello() == 'hi'", "assert Child().hello() == 'hi'"),
        ("", "class Child(Base):\n    pass\nc = Child()"),
        "class Base:\n    pass",
    ),
    "an entry of a dictionary": function(
        "return x + 1", "return 0", "assert d == {'a': 2}", before="d = {}", after="d['a'] = f(1)"
    ),
    "code that is executed": function("return x + 1", "return 0", "assert z == 2", after="exec('z = f(1)')"),
    "a global that it declares": Exercise(
        "count = 0\ndef inc():\n    global count\n    count += 1",
        "count = 0\ndef inc():\n    global count\n    count = 7",
        ("inc()\nassert count == 3", "before = count\ninc()\nassert count == before + 1"),
        ("", "inc(); inc()"),
        "count = 0\ndef inc():\n    pass",
    ),
    "comprehensions and lambdas": function(
        "return x + 1",
        "return 0",
        "assert h() == 2",
        "assert m == [2, 3] == p",
        after="h = lambda: f(1)\nm = list(map(f, [1, 2]))\np = [f(i) for i in (1, 2)]",
    ),
    "what is printed in a given cell": function(
        "return x + 1",
        "return 0",
        "assert text.strip() == '2'",
        after="import io, contextlib\nbuffer = io.StringIO()\nwith contextlib.redirect_stdout(buffer):\n    print(f(1))\n"
        "text = buffer.getvalue()",
    ),
    "an argument that must not change": function(
        "return sorted(x)",
        "x.sort(); return x",
        "assert unsorted == [3, 1] and done is not unsorted",
        "assert done == [1, 3]",
        before="unsorted = [3, 1]",
        after="done = f(unsorted)",
    ),
    "a list filled while the test runs": function(
        "pile.append(x)",
        "pile.insert(0, x + 1)",
        "f(3)\nassert pile == [3]",
        "before = len(pile)\nf(4)\nassert len(pile) == before + 1",
        before="pile = []",
    ),
}

# Objects with behaviour of their own, which do not cross: tests that need them run in one process.
BEHAVIOUR = {
    "operators": Exercise(
        "class V:\n    def __init__(self, x):\n        self.x = x\n    def __add__(self, o):\n        return V(self.x + o.x)\n"
        "    def __eq__(self, o):\n        return self.x == o.x",
        "class V:\n    def __init__(self, x):\n        self.x = x\n    def __add__(self, o):\n        return V(self.x)\n"
        "    def __eq__(self, o):\n        return self.x == o.x",
        ("assert V(1) + V(2) == V(3)",),
        blank="class V:\n    pass",
    ),
    "text of one's own": Exercise(
        "class P:\n    def __repr__(self):\n        return 'P()'",
        "class P:\n    pass",
        ("assert repr(P()) == 'P()'",),
        blank="class P:\n    pass",
    ),
    "order": Exercise(
        "class Card:\n    def __init__(self, v):\n        self.v = v\n    def __lt__(self, o):\n        return self.v < o.v",
        "class Card:\n    def __init__(self, v):\n        self.v = v\n    def __lt__(self, o):\n        return False",
        ("assert [c.v for c in sorted([Card(2), Card(1)])] == [1, 2]",),
        blank="class Card:\n    pass",
    ),
    "subclasses of it": Exercise(
        "class Shape:\n    def area(self):\n        return 0\n    def twice(self):\n        return 2 * self.area()",
        "class Shape:\n    def area(self):\n        return 0\n    def twice(self):\n        return self.area()",
        ("class Square(Shape):\n    def area(self):\n        return 4\nassert Square().twice() == 8",),
        blank="class Shape:\n    pass",
    ),
    "hashing": Exercise(
        "class K:\n    def __init__(self, x):\n        self.x = x\n    def __eq__(self, o):\n        return self.x == o.x\n"
        "    def __hash__(self):\n        return hash(self.x)",
        "class K:\n    def __init__(self, x):\n        self.x = x",
        ("assert len({K(1), K(1)}) == 1",),
        blank="class K:\n    pass",
    ),
}

_SLOW = "while x == 1: pass\n    return x + 1"


def _within(seconds: float, statement: str, handler: str = "raise TimeoutError('too slow')") -> str:
    """Return a test that is interrupted when its time is up. A kernel would not survive an alarm that is left."""
    return (
        f"def handle(*_):\n    {handler}\nsignal.signal(signal.SIGALRM, handle)\n"
        f"signal.setitimer(signal.ITIMER_REAL, {seconds})\n"
        f"try:\n    {statement}\nfinally:\n    signal.setitimer(signal.ITIMER_REAL, 0)\n"
    )


# Tests with timers and threads of their own; the wrong answers are endless loops for one argument.
TIMED = {
    "alarms": function(
        "return x + 1",
        "return x",
        _within(5, "assert f(1) == 2"),
        before="import signal",
    ),
    "alarms that go off": function(
        "return x + 1",
        _SLOW,
        _within(0.5, "assert f(1) == 2"),
        "assert f(2) == 3",
        before="import signal",
    ),
    "alarms that are caught": function(
        "return x + 1",
        _SLOW,
        _within(0.5, "y = f(1)\nexcept TimeoutError:\n    y = None") + "assert f(3) == 4",
        "assert y == 2",
        before="import signal",
    ),
    "alarms in calls that call back": function(
        "return x(1) + 1",
        "while x(1): pass",
        _within(0.5, "assert f(lambda y: y) == 2"),
        "assert f(lambda y: 0) == 1 or f(lambda y: 0) is None",
        before="import signal",
    ),
    "timers that count": function(
        "time.sleep(0.2)\n    return x + 1",
        "time.sleep(0.2)\n    return x",
        "ticks = []\n" + _within(0.1, "assert f(1) == 2", "ticks.append(1)") + "assert ticks",
        before="import signal, time",
    ),
    "timers that call": function(
        "return x + 1",
        "return x",
        "seen = []\n" + _within(0.02, "time.sleep(0.1)", "seen.append(f(1))") + "assert seen == [2]",
        before="import signal, time",
    ),
    "timers that call in a call": function(
        "time.sleep(x / 10)\n    return x + 1",
        "time.sleep(x / 10)\n    return x",
        "seen = []\n" + _within(0.05, "assert f(2) == 3", "seen.append(f(0))") + "assert seen == [1]",
        before="import signal, time",
    ),
    "timer threads": function(
        "return x + 1",
        "return x",
        "seen = []\ntimer = threading.Timer(0.01, lambda: seen.append(f(1)))\ntimer.start(); timer.join()\n"
        "assert seen == [2]",
        before="import threading",
    ),
    "thread pools": function(
        "return x + 1",
        "return x",
        "with ThreadPoolExecutor(4) as pool:\n    assert list(pool.map(f, range(20))) == list(range(1, 21))",
        before="from concurrent.futures import ThreadPoolExecutor",
    ),
    "threads that call back": function(
        "return [x(i) for i in range(9)]",
        "return []",
        "with ThreadPoolExecutor(4) as pool:\n    found = [pool.submit(f, lambda i, n=n: n * i) for n in range(9)]\n"
        "assert [one.result()[2] for one in found] == list(range(0, 18, 2))",
        before="from concurrent.futures import ThreadPoolExecutor",
    ),
    "threads with a time limit": function(
        "return x + 1",
        _SLOW,
        "seen = []\nthread = threading.Thread(target=lambda: seen.append(f(1)), daemon=True)\n"
        "thread.start(); thread.join(0.5)\nassert not thread.is_alive(), 'too slow'\nassert seen == [2]",
        "assert f(2) == 3",
        before="import threading",
    ),
    "results with a time limit": function(
        "return x + 1",
        _SLOW,
        "pool = ThreadPoolExecutor(2)\nfound = [pool.submit(f, n) for n in (1, 2)]\n"
        "assert [one.result(timeout=0.5) for one in found] == [2, 3]",
        "assert f(2) == 3",
        before="from concurrent.futures import ThreadPoolExecutor",
    ),
    "functions in threads of their own": function(
        "with ThreadPoolExecutor(2) as pool: return list(pool.map(x, range(5)))",
        "return []",
        "assert f(lambda y: 2 * y) == [0, 2, 4, 6, 8]",
        before="from concurrent.futures import ThreadPoolExecutor",
    ),
    "interrupts": function(
        "return x + 1",
        "return x",
        "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    pass\nassert f(1) == 2",
        before="import signal",
    ),
    "waiting in an event loop": Exercise(
        "async def f(x):\n    await asyncio.sleep(0)\n    return x + 1",
        "async def f(x):\n    await asyncio.sleep(0)\n    return x",
        ("assert await asyncio.wait_for(f(1), 5) == 2", "assert await asyncio.gather(f(1), f(2)) == [2, 3]"),
        ("import asyncio", ""),
        f"async def f(x):\n    {BLANK}",
    ),
    "functions in an executor": function(
        "return x + 1",
        "return x",
        "loop = asyncio.get_running_loop()\nassert await loop.run_in_executor(None, f, 1) == 2",
        "assert await asyncio.to_thread(f, 2) == 3",
        before="import asyncio",
    ),
}
