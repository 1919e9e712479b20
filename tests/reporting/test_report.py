"""The class report."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_results import WRONG, make_results, outcome

from autograder.diagnosis.catalogue import Misconception
from autograder.reporting.report import class_report

CATALOGUE = {"no-mean": Misconception("no-mean", "first", (), ("hint",), "the cause", "The mean is forgotten.")}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note what an element is, and what it asks for."""
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" and "href" in given else []
        outside = [given.get("src"), given.get("href") if tag == "link" else None, given.get("data")]
        self.loads += [url for url in outside if url]

    def handle_data(self, data):
        """Note its text."""
        self.words += data


def make(results, **more) -> str:
    """Make the report."""
    feedback = {result.student: Path(f"/course/feedback of {result.student}/x.html") for result in results.results}
    return class_report(results, CATALOGUE, feedback, Path("/course/reports"), **more)


@pytest.fixture(scope="module")
def page() -> str:
    """The report of the class as it is."""
    return make(make_results())


class TestContent:
    """What it shows."""

    def test_everybody_and_why_a_person_is_needed(self, page):
        """Each student in the table, the ungraded, repaired and late ones with the reason, the absent ones by name."""
        words = Page(page).words

        assert all(name in words for name in ["Ada Byron <b> (ada)", "ben", "chi", "dan", "eve"])
        for reason in ["dan.ipynb is no notebook", "a test was put back", "test_other", "late: 4 points less"]:
            assert reason in words
        assert "nothing handed in: zoe" in words
        assert "3 of 5 submissions" in words

    def test_misconceptions(self, page):
        """The instructor's line with its count."""
        assert re.search(r"The mean is forgotten\.</?.*?the cause.*?first.*?2", page, re.DOTALL)

    def test_unknown_misconceptions(self, results):
        """One that the catalogue has lost is named by its id."""
        results.graded[0].outcomes[0] = (
            results.graded[1].outcomes[0].__class__("first", 0.0, 10.0, "failed", None, ("gone",))
        )
        assert "gone" in Page(make(results)).words

    def test_links_to_feedback(self, page):
        """Relative, with what a URL needs; none for the one who has no marks."""
        links = [link for link in Page(page).links if not link.startswith("#")]

        assert links == [f"../feedback%20of%20{name}/x.html" for name in ["ada", "ben", "chi", "eve"]]

    def test_without_names(self, results):
        """No student occurs in any form."""
        text = make(results, names=False)

        assert not re.search(r"\b(ada|ben|chi|dan|eve|zoe|Byron)\b", Page(text).words)
        assert "<script>" not in text

    def test_without_names_nothing_that_a_students_code_says(self, results):
        """Neither what it tried to read nor what its functions say: a name could be in it, or a hidden test."""
        assert WRONG in Page(make(results)).words
        text = Page(make(results, names=False)).words

        assert WRONG not in text
        assert "tried to read" not in text
        assert "Noted of 1 submission." in text

    def test_a_message_of_one_student_alone(self, results):
        """It is not counted once for each function."""
        results.graded[0].outcomes[:2] = [outcome(name, 0, "", "said by Ada alone") for name in ("first", "second")]

        assert "said by Ada alone" not in Page(make(results)).words

    def test_after_plain_nbgrader(self, results):
        """It notes no times, and the page is made all the same."""
        for result in results.results:
            result.seconds = None

        assert "Time that grading took" not in make(results)

    def test_few_submissions(self, page):
        """The figures come with a warning."""
        assert "little more than chance" in page

    def test_nobody_graded(self, results):
        """Still a page, which says who is waiting."""
        results.results = [result for result in results.results if not result.graded]

        assert "dan.ipynb is no notebook" in make(results)


class TestForm:
    """A page that works everywhere."""

    def test_it_loads_nothing(self, page):
        """No element has an address of something to load, no style imports anything, and a policy forbids it."""
        text = page

        assert Page(text).loads == []
        assert "@import" not in text
        assert not re.search(r"url\((?!#)", text)
        assert "default-src 'none'" in text

    def test_what_students_wrote_is_no_markup(self, page):
        """A note with a script in it is text."""
        text = page

        assert "<script>alert(1)" not in text
        assert "&lt;script&gt;alert(1)" in text

    def test_charts_can_be_read_aloud(self, page):
        """Each is an image with title and description, valid XML, and has a table."""
        charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)

        assert len(charts) == 6
        for chart in charts:
            root = ET.fromstring(chart)
            names = root.attrib["aria-labelledby"].split()
            found = {part.attrib["id"]: part.text for part in root if part.attrib.get("id") in names}
            assert root.attrib["role"] == "img"
            assert len(found) == 2
            assert all(found.values())

    def test_parts_of_charts_say_what_they_are(self, page):
        """To who points at them: the function, what it is about, and how many."""
        charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
        told = [html.unescape(text) for chart in charts for text in re.findall(r"<g><title>([^<]*)</title>", chart)]

        assert "first, right: 3 submissions" in told
        assert "third: The mean is forgotten. 1 of 4 students." not in told
        assert "first: The mean is forgotten. 2 of 4 students." in told
        assert "27 to 30 points: 1 submission" in told
        assert "second uses first; 1 of 4 failed, 0 of them on their own" in told
        assert any(re.fullmatch(r"\d first: difficulty 0\.75, discrimination -?[\d.]+", text) for text in told)

    def test_charts_name_the_functions(self, page):
        """Beside each misconception, and beside each number of a point."""
        charts = {
            name: chart
            for chart in re.findall(r"<svg.*?</svg>", page, re.DOTALL)
            for name in re.findall(r'aria-labelledby="(\w+)-title', chart)
        }

        assert ">first<" in charts["frequent"]
        assert all(f">{name}<" in charts["items"] for name in ("first", "second", "third", "other"))

    def test_ids_are_unique(self, page):
        """And every link inside the page has its target."""
        made = Page(page)

        assert len(made.ids) == len(set(made.ids))
        assert {link[1:] for link in made.links if link.startswith("#")} <= set(made.ids)

    def test_no_colour_is_left_that_the_page_does_not_know(self, page):
        """Charts are drawn in the page's colours only, so that they follow light and dark."""
        charts = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))

        assert set(re.findall(r"(?:fill|stroke): (#\w+)", charts)) == set()
        assert set(re.findall(r"var\((--[\w-]+)\)", charts)) <= set(re.findall(r"(--[\w-]+):", page))
