"""What tests do with values and objects of the student's, through both processes: as in one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell

from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.grading.settings import GradingLimits
from autograder.notebook.score import score
from autograder.release import store_notebook

GIVEN = """
import asyncio, datetime as dt, h5py, http, os, re, tempfile
from collections import deque, namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, Flag, IntEnum, auto
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
import numpy as np
import pandas as pd
import shapes

class Link:
    def __init__(self, value, after=None):
        self.value, self.after = value, after

@dataclass
class Vector:
    x: float
    y: float = 0.0
    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)
    def length(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5

class Suit(Enum):
    SPADES = 1
    HEARTS = 2
    @property
    def is_red(self):
        return self is Suit.HEARTS

class Card(NamedTuple):
    suit: Suit
    rank: int
    def value(self):
        return self.rank * 2
"""
FILES = {
    "given.csv": "a,b",
    "shapes.py": """
import dataclasses, enum

@dataclasses.dataclass
class Box:
    width: float
    height: float
    def area(self):
        return self.width * self.height

class Side(enum.Enum):
    LEFT = "l"
    RIGHT = "r"
    def other(self):
        return Side.LEFT if self is Side.RIGHT else Side.RIGHT
""",
}


@dataclass(frozen=True)
class Case:
    """What a solution cell defines, and a test of it; `wrong` is an answer that the test does not pass."""

    solution: str
    test: str
    wrong: str


CASES = {
    "a date": Case(
        "def first(year):\n    return dt.date(year, 1, 1)",
        "assert first(2020) == dt.date(2020, 1, 1)\nassert first(2020).isoformat() == '2020-01-01'",
        "def first(year):\n    return f'{year}-01-01'",
    ),
    "a time with a zone": Case(
        "def later(moment):\n    return moment + dt.timedelta(hours=1)",
        "noon = dt.datetime(2020, 1, 1, 12, tzinfo=dt.timezone.utc)\nassert later(noon) - noon == dt.timedelta(hours=1)",
        "def later(moment):\n    return moment",
    ),
    "exact numbers": Case(
        "def third(x):\n    return x / 3",
        "assert third(Decimal('1')) == Decimal(1) / 3\nassert third(Fraction(1, 2)) == Fraction(1, 6)",
        "def third(x):\n    return float(x) / 3",
    ),
    "a path": Case(
        "def inside(path):\n    return path / 'b'",
        "assert inside(Path('a')) == Path('a/b')\nassert isinstance(inside(Path()), Path)",
        "def inside(path):\n    return f'{path}/b'",
    ),
    "a deque": Case(
        "def turn(line):\n    line.rotate(1)\n    return deque(line, 2)",
        "line = deque([1, 2, 3])\nassert turn(line) == deque([1, 2])\nassert line == deque([3, 1, 2])",
        "def turn(line):\n    return deque(line, 2)",
    ),
    "a given class": Case(
        "def sum_of(a, b):\n    return a + b",
        "assert sum_of(Vector(1), Vector(2, 4)) == Vector(3, 4)\nassert sum_of(Vector(3), Vector(0, 4)).length() == 5\n"
        "assert isinstance(sum_of(Vector(1), Vector(1)), Vector)",
        "def sum_of(a, b):\n    return Vector(a.x, b.y)",
    ),
    "a given class that is changed": Case(
        "def move(a, by):\n    a.x += by",
        "a = Vector(1)\nmove(a, 2)\nassert a == Vector(3)",
        "def move(a, by):\n    pass",
    ),
    "a given enumeration": Case(
        "def other(suit):\n    return Suit.HEARTS if suit is Suit.SPADES else Suit.SPADES",
        "assert other(Suit.SPADES) is Suit.HEARTS\nassert other(Suit.SPADES).is_red\n"
        "assert [other(suit) for suit in Suit] == [Suit.HEARTS, Suit.SPADES]",
        "def other(suit):\n    return suit",
    ),
    "a given named tuple": Case(
        "def raised(card):\n    return card._replace(rank=card.rank + 1)",
        "assert raised(Card(Suit.HEARTS, 2)) == Card(Suit.HEARTS, 3)\nassert raised(Card(1, 2)).value() == 6\n"
        "assert isinstance(raised(Card(1, 2)), Card)",
        "def raised(card):\n    return card",
    ),
    "classes of a module": Case(
        "def turned(box, side):\n    return shapes.Box(box.height, box.width), side.other()",
        "box, side = turned(shapes.Box(1, 2), shapes.Side.LEFT)\nassert box == shapes.Box(2, 1) and box.area() == 2\n"
        "assert side is shapes.Side.RIGHT",
        "def turned(box, side):\n    return box, side",
    ),
    "an enumeration of Python's": Case(
        "def status(number):\n    return http.HTTPStatus(number)",
        "assert status(404) is http.HTTPStatus.NOT_FOUND",
        "def status(number):\n    return 404",
    ),
    "a class of the student's": Case(
        "@dataclass\nclass Point:\n    x: int\n    y: int = 0",
        "assert Point(1) == Point(1, 0) != Point(2)\nassert isinstance(Point(1), Point)\nassert Point(3).y == 0\n"
        "assert repr(Point(1)) == 'Point(x=1, y=0)'",
        "@dataclass\nclass Point:\n    x: int\n    y: int = 1",
    ),
    "a frozen class of the student's": Case(
        "@dataclass(frozen=True, order=True)\nclass Version:\n    major: int\n    minor: int = 0",
        "assert Version(1) < Version(2)\nassert len({Version(1), Version(1, 0)}) == 1\n"
        "assert sorted([Version(2), Version(1)]) == [Version(1), Version(2)]",
        "@dataclass\nclass Version:\n    major: int\n    minor: int = 0",
    ),
    "an enumeration of the student's": Case(
        "class Light(Enum):\n    RED = 'r'\n    GREEN = 'g'",
        "assert Light.RED.value == 'r' and Light('g') is Light.GREEN and Light['RED'] is Light.RED\n"
        "assert list(Light) == [Light.RED, Light.GREEN] and len(Light) == 2\nassert issubclass(Light, Enum)",
        "class Light(Enum):\n    GREEN = 'g'\n    RED = 'r'",
    ),
    "its members": Case(
        "def next_light(light):\n    return Light.GREEN if light is Light.RED else Light.RED",
        "assert next_light(Light.RED) is Light.GREEN\nassert next_light(Light.GREEN) in [Light.GREEN, Light.RED]\n"
        "assert isinstance(next_light(Light.RED), Light)",
        "def next_light(light):\n    return light",
    ),
    "flags": Case(
        "class Access(Flag):\n    READ = auto()\n    WRITE = auto()\n    BOTH = READ | WRITE",
        "assert Access.READ | Access.WRITE is Access.BOTH\nassert Access.READ in Access(3)",
        "class Access(Flag):\n    READ = auto()\n    WRITE = auto()\n    BOTH = READ",
    ),
    "a named tuple of the student's": Case(
        "Pair = namedtuple('Pair', 'a b')",
        "assert Pair(1, 2) == (1, 2) and Pair(1, 2).b == 2\nassert isinstance(Pair(1, 2), Pair)",
        "Pair = namedtuple('Pair', 'b a')",
    ),
    "a class with methods": Case(
        "@dataclass\nclass Room:\n    a: int\n    def area(self):\n        return self.a ** 2",
        "assert Room(2).area() == 4 and Room(2).a == 2 and isinstance(Room(2), Room)",
        "@dataclass\nclass Room:\n    a: int\n    def area(self):\n        return self.a",
    ),
    "a pattern that is given": Case(
        "def without(pattern, text):\n    return pattern.sub('', text)",
        "assert without(re.compile('[aeiou]', re.I), 'vAlue') == 'vl'",
        "def without(pattern, text):\n    return text",
    ),
    "a table": Case(
        "def totals(sales):\n    return sales.groupby('shop', as_index=False)['price'].sum()",
        "sales = pd.DataFrame({'shop': ['a', 'b', 'a'], 'price': [1.0, 2.5, 3.0]})\nbefore = sales.copy()\n"
        "expected = pd.DataFrame({'shop': ['a', 'b'], 'price': [4.0, 2.5]})\n"
        "pd.testing.assert_frame_equal(totals(sales), expected)\npd.testing.assert_frame_equal(sales, before)\n"
        "assert totals(sales).equals(expected) and isinstance(totals(sales), pd.DataFrame)",
        "def totals(sales):\n    sales['price'] *= 2\n    return sales",
    ),
    "a table that is changed": Case(
        "def clean(sales):\n    sales.dropna(inplace=True)\n    sales['day'] = pd.to_datetime(sales['day'])",
        "sales = pd.DataFrame({'day': ['2024-01-01', None], 'price': [1, 2]})\nassert clean(sales) is None\n"
        "assert len(sales) == 1 and sales['day'].dt.year.tolist() == [2024]",
        "def clean(sales):\n    pass",
    ),
    "a column": Case(
        "def ranks(column):\n    return column.rank().astype(int)",
        "column = pd.Series([30, 10, 20], index=['x', 'y', 'z'], name='n')\n"
        "pd.testing.assert_series_equal(ranks(column), pd.Series([3, 1, 2], index=['x', 'y', 'z'], name='n'))\n"
        "assert (ranks(column) > 0).all() and ranks(column).idxmax() == 'x'",
        "def ranks(column):\n    return column",
    ),
    "an index": Case(
        "def months(year):\n    return pd.date_range(f'{year}-01-01', periods=12, freq='MS')",
        "assert months(2024).equals(pd.date_range('2024-01-01', periods=12, freq='MS'))\n"
        "assert months(2024)[1] == pd.Timestamp('2024-02-01') and months(2024).freqstr == 'MS'",
        "def months(year):\n    return pd.date_range(f'{year}-01-01', periods=12, freq='D')",
    ),
    "moments of NumPy": Case(
        "def shifted(days):\n    return days + np.timedelta64(1, 'D')",
        "days = np.array(['2024-02-28', 'NaT'], 'M8[D]')\nassert shifted(days)[0] == np.datetime64('2024-02-29')\n"
        "assert np.isnat(shifted(days)[1]) and shifted(days).dtype == 'M8[D]'",
        "def shifted(days):\n    return days",
    ),
    "texts of NumPy": Case(
        "def upper(words):\n    return np.char.upper(words)",
        "words = np.array(['a', 'été'])\nassert np.array_equal(upper(words), np.array(['A', 'ÉTÉ']))\n"
        "assert upper(words).dtype == '<U3'",
        "def upper(words):\n    return words",
    ),
    "a coroutine": Case(
        "async def later(x):\n    await asyncio.sleep(0.001)\n    return x + 1",
        "assert await later(1) == 2\nassert await asyncio.gather(later(2), later(3)) == [3, 4]",
        "async def later(x):\n    return x",
    ),
    "a coroutine that is run": Case(
        "async def doubled(fetch, x):\n    return 2 * await fetch(x)",
        "async def fetch(x):\n    await asyncio.sleep(0)\n    return x + 1\n"
        "import threading\nfound = []\n"
        "thread = threading.Thread(target=lambda: found.append(asyncio.run(doubled(fetch, 2))))\n"
        "thread.start(); thread.join()\nassert found == [6]\nassert await doubled(fetch, 1) == 4",
        "async def doubled(fetch, x):\n    return x",
    ),
    "an asynchronous generator": Case(
        "async def ticks(n):\n    for i in range(n):\n        await asyncio.sleep(0)\n        yield i",
        "assert [i async for i in ticks(3)] == [0, 1, 2]",
        "async def ticks(n):\n    yield n",
    ),
    "a match": Case(
        "def number(text):\n    return re.search(r'(\\d+)', text)",
        "assert number('a12')\nassert number('a12').group(1) == '12' == number('a12')[1]\nassert not number('a')",
        "def number(text):\n    return re.search(r'(\\w+)', text)",
    ),
    "a container of the student's": Case(
        "class Stack:\n    def __init__(self):\n        self._items = []\n    def push(self, x):\n"
        "        self._items.append(x)\n    def pop(self):\n        return self._items.pop()\n"
        "    def __len__(self):\n        return len(self._items)",
        "stack = Stack()\nassert not stack\nstack.push(1)\nassert stack and stack == stack\nassert stack in [stack]\n"
        "assert stack.pop() == 1 and not stack",
        "class Stack:\n    def __init__(self):\n        self._items = []\n    def push(self, x):\n        pass\n"
        "    def pop(self):\n        return 1\n    def __len__(self):\n        return 1",
    ),
    "a list of links": Case(
        "def backwards(node):\n    before = None\n    while node:\n"
        "        node.after, before, node = before, node, node.after\n    return before",
        "first, second = Link(1), Link(2)\nfirst.after = second\nassert backwards(first) is second\n"
        "assert second.after is first and first.after is None",
        "def backwards(node):\n    return node",
    ),
    "a file that is written": Case(
        "def save(n):\n    Path('made.txt').write_text('x' * n)",
        "save(3)\nassert Path('made.txt').read_text() == 'xxx'\nsave(4)\nassert len(open('made.txt').read()) == 4",
        "def save(n):\n    Path('made.txt').write_text('xxx')",
    ),
    "a file that is read": Case(
        "def words(path):\n    return Path(path).read_text().split()",
        "Path('words.txt').write_text('a b')\nassert words('words.txt') == ['a', 'b']\n"
        "with tempfile.TemporaryDirectory() as folder:\n    path = Path(folder, 'other.txt')\n"
        "    path.write_text('c')\n    assert words(path) == ['c']",
        "def words(path):\n    return ['a', 'b']",
    ),
    "files in folders": Case(
        "def sort_away(folder):\n    for path in list(Path(folder).iterdir()):\n"
        "        target = Path(folder, path.suffix[1:])\n        target.mkdir(exist_ok=True)\n"
        "        path.rename(target / path.name)",
        "os.makedirs('mess')\nfor name in ('a.txt', 'b.csv'):\n    Path('mess', name).write_text(name)\n"
        "sort_away('mess')\nassert sorted(str(p) for p in Path('mess').rglob('*.*')) == ['mess/csv/b.csv', 'mess/txt/a.txt']",
        "def sort_away(folder):\n    pass",
    ),
    "a file of a cell's": Case(
        "Path('cell.csv').write_text('1,2')\ndef unused():\n    pass",
        "assert pd.read_csv('cell.csv', header=None).sum(axis=1).tolist() == [3]",
        "Path('cell.csv').write_text('1,3')",
    ),
    "a file that a library writes": Case(
        "def store(value):\n    with h5py.File('x.h5', 'a') as file:\n        file.attrs['value'] = value",
        "for value in range(3):\n    store(value)\n    with h5py.File('x.h5') as file:\n"
        "        assert file.attrs['value'] == value",
        "def store(value):\n    with h5py.File('x.h5', 'a') as file:\n        file.attrs['value'] = 0",
    ),
    "a file of the assignment's": Case(
        "def spoil():\n    Path('given.csv').write_text('z')\n    return Path('given.csv').read_text()",
        "assert spoil() == 'z'\nassert Path('given.csv').read_text() == 'a,b'",
        "def spoil():\n    return 'y'",
    ),
    "a view of a dict": Case(
        "def names(book):\n    return book.keys()",
        "assert names({'a': 1}) == {'a'}",
        "def names(book):\n    return list(book)",
    ),
}


@pytest.fixture(scope="module")
def grade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Return what grades right or wrong answers to all of it, and how it went."""
    folder = tmp_path_factory.mktemp("crossing")
    (folder / "files").mkdir()
    for name, text in FILES.items():
        (folder / "files" / name).write_text(text)
    files = {name: folder / "files" / name for name in FILES}
    cells = [code_cell(GIVEN)]
    for name, case in CASES.items():
        cells += [solution_cell(case.solution, name), grade_cell(case.test, f"test {name}")]
    text = nbformat.writes(graded_notebook(*cells))
    bundle = store_notebook(folder / "bundle", "task", text, {}, files=files, siblings={"task"})
    with Engine(bundle, "task", GradingLimits(cell=10.0, submission=120.0)) as engine:
        graded: dict[bool, tuple[nbformat.NotebookNode, Examination]] = {}

        def grade(right: bool) -> tuple[nbformat.NotebookNode, Examination]:
            if right not in graded:
                notebook = nbformat.reads(text, as_version=4)
                for name, case in CASES.items():
                    find_cell(notebook, name).source = case.solution if right else case.wrong
                graded[right] = notebook, engine.examine(notebook, Path(folder / "files"), carried_credit=None)
            return graded[right]

        yield grade


def said(cell: nbformat.NotebookNode) -> str:
    """What a test printed, and its errors."""
    return "".join(f"{out.get('text', '')}{out.get('ename', '')} {out.get('evalue', '')}" for out in cell.outputs)


@pytest.mark.parametrize("name", CASES)
def test_a_right_answer(grade, name):
    """It earns its point."""
    cell = find_cell(grade(True)[0], f"test {name}")

    assert score(cell)[0] == 1, said(cell)


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_answer(grade, name):
    """It does not, and costs no other function anything."""
    cell = find_cell(grade(False)[0], f"test {name}")

    assert score(cell)[0] == 0


def test_nothing_else_happens(grade):
    """No process was lost, and nothing had to be said."""
    for right in (True, False):
        assert grade(right)[1].notes == []
