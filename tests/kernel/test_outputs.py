"""Recording, sanitising and demoting the outputs of a cell."""

import math
import threading

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.kernel.outputs import demote, sanitise
from autograder.kernel.recorder import Recorder


def assert_valid(outputs):
    """Every output passes nbformat's own validation, and the notebook can be written as strict UTF-8."""
    cell = nbformat.v4.new_code_cell("")
    cell.outputs = [nbformat.from_dict(output) for output in outputs]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode("utf-8")


def stream(name, text):
    """A stream output."""
    return {"output_type": "stream", "name": name, "text": text}


def display(text, **more):
    """A display_data output."""
    return {"output_type": "display_data", "data": {"text/plain": text, **more}, "metadata": {}}


class TestRecorder:
    """`Recorder`."""

    def test_merges_a_stream(self):
        """Neighbouring writes to one stream are one output, in order with the other stream."""
        recorder = Recorder()
        for name, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]:
            recorder.stream(name, text)

        assert recorder.take() == [stream("stdout", "ab"), stream("stderr", "c"), stream("stdout", "d")]
        assert recorder.take() == []

    def test_keeps_kinds_in_order(self):
        """A display ends a stream output; result and error carry what nbformat asks for."""
        recorder = Recorder()
        recorder.stream("stdout", "a")
        recorder.display({"text/plain": "d"})
        recorder.stream("stdout", "b")
        recorder.result({"text/plain": "4"}, {}, 3)
        recorder.error("ValueError", "no", ["Traceback", "ValueError: no"])
        outputs = recorder.take()

        assert_valid(outputs)
        assert [
            stream("stdout", "a"),
            display("d"),
            stream("stdout", "b"),
            {
                "output_type": "execute_result",
                "data": {"text/plain": "4"},
                "metadata": {},
                "execution_count": 3,
            },
            {
                "output_type": "error",
                "ename": "ValueError",
                "evalue": "no",
                "traceback": ["Traceback", "ValueError: no"],
            },
        ] == outputs

    def test_clear_output(self):
        """`clear_output()` drops at once, `clear_output(wait=True)` when the next output arrives."""
        recorder = Recorder()
        recorder.stream("stdout", "a")
        recorder.clear()
        recorder.stream("stdout", "b")
        recorder.clear(wait=True)
        recorder.stream("stdout", "c")

        assert recorder.take() == [stream("stdout", "c")]

    def test_clear_output_without_a_next(self):
        """A waiting `clear_output` that nothing follows leaves the outputs, and the next cell's too."""
        recorder = Recorder()
        recorder.stream("stdout", "a")
        recorder.clear(wait=True)

        assert recorder.take() == [stream("stdout", "a")]
        recorder.stream("stdout", "b")
        recorder.display({"text/plain": "c"})
        assert recorder.take() == [stream("stdout", "b"), display("c")]

    def test_update_display(self):
        """An update replaces every display of that id, in its place, and no other."""
        recorder = Recorder()
        recorder.display({"text/plain": "1"}, display_id="x")
        recorder.display({"text/plain": "2"}, display_id="y")
        recorder.display({"text/plain": "3"}, display_id="x")
        recorder.update("x", {"text/plain": "new"})
        recorder.update("unknown", {"text/plain": "lost"})

        assert recorder.take() == [display("new"), display("2"), display("new")]

    def test_cuts_a_stream(self):
        """Text beyond the limit is cut, nothing is printed after the cut, and the last output says so."""
        recorder = Recorder(limit=1_000)
        for _ in range(50):
            recorder.stream("stdout", "x" * 99 + "\n")
        recorder.stream("stderr", "more")
        (output,) = recorder.take()

        assert output["text"].startswith("x" * 99)
        assert output["text"].endswith("[output truncated: a cell may record 1,000 bytes]\n")
        assert len(output["text"]) < 1_100
        recorder.stream("stdout", "afresh")
        assert recorder.take() == [stream("stdout", "afresh")]

    def test_cuts_between_characters(self):
        """A cut never falls inside a character, and the limit counts bytes."""
        recorder = Recorder(limit=1_000)
        recorder.stream("stdout", "€" * 1_000)
        (output,) = recorder.take()

        assert set(output["text"].splitlines()[0]) == {"€"}
        assert len(output["text"].splitlines()[0]) == 300

    def test_display_too_large(self):
        """A display that does not fit keeps its plain text; later ones that fit are kept."""
        recorder = Recorder(limit=1_000)
        recorder.display({"image/png": "A" * 5_000, "text/plain": "<Figure>"})
        recorder.display({"text/plain": "small"})
        outputs = recorder.take()

        assert [display("<Figure>"), display("small")] == outputs[:2]
        assert "truncated" in outputs[2]["text"]

    def test_result_and_error_survive_a_flood(self):
        """A cell that printed too much still shows its result and its error."""
        recorder = Recorder(limit=1_000)
        recorder.stream("stdout", "x" * 5_000)
        recorder.result({"text/plain": "0.5"}, {}, 1)
        recorder.error("ValueError", "no", ["no"])
        kinds = [output["output_type"] for output in recorder.take()]

        assert kinds == ["stream", "execute_result", "error", "stream"]

    def test_a_million_small_outputs(self):
        """Outputs cost something even when empty, so their number is bounded, and errors too."""
        recorder = Recorder(limit=10_000)
        for _ in range(10_000):
            recorder.display({"text/plain": ""})
            recorder.error("E", "", [])

        assert len(recorder.take()) < 5_000

    def test_clear_gives_room_back(self):
        """A loop of print and `clear_output` never reaches the limit."""
        recorder = Recorder(limit=1_000)
        for i in range(100):
            recorder.stream("stdout", f"{i} " + "x" * 500)
            recorder.clear(wait=True)

        assert recorder.take() == [stream("stdout", "99 " + "x" * 500)]

    def test_updates_cost_once(self):
        """A display that is updated many times takes the room of one."""
        recorder = Recorder(limit=1_000)
        recorder.display({"text/plain": "x" * 500}, display_id="bar")
        for i in range(100):
            recorder.update("bar", {"text/plain": f"{i} " + "x" * 500})

        assert recorder.take() == [display("99 " + "x" * 500)]

    def test_raw_data(self):
        """Bytes become base64, and a bundle with nothing valid in it is left out."""
        recorder = Recorder()
        recorder.display({"image/png": b"\x89PNG"})
        recorder.display({3: "x"})
        recorder.display("no bundle")
        outputs = recorder.take()

        assert_valid(outputs)
        assert outputs == [{"output_type": "display_data", "data": {"image/png": "iVBORw=="}, "metadata": {}}]

    def test_threads(self):
        """Nothing is lost when many threads print at once."""
        recorder = Recorder()

        def work():
            for _ in range(500):
                recorder.stream("stdout", "x")

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert recorder.take() == [stream("stdout", "x" * 4_000)]


class TestSanitise:
    """`sanitise`."""

    def test_valid_outputs_pass(self):
        """What a recorder gives comes through unchanged."""
        recorder = Recorder()
        recorder.stream("stdout", "a\n")
        recorder.display({"text/html": "<b>", "application/json": {"a": [1, None]}}, {"x": 1})
        recorder.result({"text/plain": "4"}, {}, 3)
        recorder.error("E", "v", ["t"])
        outputs = recorder.take()

        assert sanitise(outputs) == outputs

    @pytest.mark.parametrize(
        "bad",
        [
            None,
            3,
            "text",
            [],
            {},
            {"output_type": "stream", "name": "stdin", "text": "x"},
            {"output_type": "stream", "name": "stdout"},
            {"output_type": "stream", "name": ["stdout"], "text": "x"},
            {"output_type": "stream", "name": "stdout", "text": ["a", 3]},
            {"output_type": ["stream"], "name": "stdout", "text": "x"},
            {"output_type": "pyout", "data": {}, "metadata": {}},
            {"output_type": "display_data", "data": {"no mime": "x"}, "metadata": {}},
            {"output_type": "display_data", "data": {"text/plain": 3}, "metadata": {}},
            {"output_type": "display_data", "data": {"image/png": '"><script>'}, "metadata": {}},
            {"output_type": "display_data", "data": {"application/json": {1: 2}}, "metadata": {}},
            {"output_type": "display_data", "data": {"application/json": 10**5000}, "metadata": {}},
            {"output_type": "error", "ename": 3, "evalue": "", "traceback": []},
        ],
    )
    def test_bad_ones_are_dropped_and_counted(self, bad):
        """An invalid output is left out, its neighbours stay, and a last stdout output counts it."""
        good = display("good")

        assert [good, stream("stdout", "[1 outputs dropped: not valid, or too large]\n")] == sanitise([good, bad])

    def test_not_a_list(self):
        """Data that is no list at all is one dropped output."""
        assert sanitise({"a": 1}) == [stream("stdout", "[1 outputs dropped: not valid, or too large]\n")]

    def test_extra_keys_go(self):
        """Only what nbformat knows is kept of an output, only small JSON of its metadata."""
        raw = stream("stdout", "x") | {"score": 10}
        shown = display("x") | {"transient": {"display_id": 1}, "metadata": {"big": "x" * 20_000}}

        assert sanitise([raw, shown]) == [stream("stdout", "x"), display("x")]

    def test_execution_count(self):
        """An execution count is a small non-negative integer or nothing."""
        for count in [True, -1, 2**40, 1.5, "1", None]:
            raw = display("x") | {"output_type": "execute_result", "execution_count": count}
            (output,) = sanitise([raw])

            assert output["execution_count"] is None

    def test_surrogates(self):
        """Lone surrogates, which no file can hold, become the replacement character everywhere."""
        raw = [
            stream("stdout", "a\ud800b"),
            {"output_type": "error", "ename": "\udfff", "evalue": "\udfff", "traceback": ["\udfff"]},
            {
                "output_type": "display_data",
                "data": {"application/json": {"\ud800": "\ud800"}},
                "metadata": {},
            },
        ]
        outputs = sanitise(raw)

        assert_valid(outputs)
        assert outputs[0]["text"] == "a\ufffdb"
        assert outputs[2]["data"]["application/json"] == {"\ufffd": "\ufffd"}

    def test_json_numbers(self):
        """JSON has neither NaN nor infinity."""
        raw = {
            "output_type": "display_data",
            "data": {"application/json": [math.nan, math.inf]},
            "metadata": {},
        }

        assert sanitise([raw])[0]["data"]["application/json"] == [None, None]

    def test_deep_and_long(self):
        """Depth, number and size are bounded."""
        deep: list = []
        for _ in range(100_000):
            deep = [deep]
        raw = [{"output_type": "display_data", "data": {"application/json": deep}, "metadata": {}}]
        raw += [stream("stdout", "x" * 100), display("y")] * 1_000
        outputs = sanitise(raw, max_bytes=10_000, max_outputs=500)

        assert_valid(outputs)
        assert len(outputs) < 102
        assert "dropped" in outputs[-1]["text"]

    def test_number(self):
        """No more outputs are looked at than there may be."""
        outputs = sanitise([stream("stdout", "x"), display("y")] * 10, max_outputs=4)

        assert [output["output_type"] for output in outputs] == ["stream", "display_data"] * 2 + ["stream"]
        assert outputs[-1]["text"].startswith("[16 outputs dropped")

    json_like = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "output_type",
                        "name",
                        "text",
                        "data",
                        "metadata",
                        "traceback",
                        "text/plain",
                        "application/json",
                    ]
                )
                | st.text(max_size=3)
                | st.integers(),
                inner,
                max_size=6,
            )
            | st.sampled_from(["stream", "display_data", "execute_result", "error", "stdout", "image/png"])
        ),
        max_leaves=15,
    )
    claimed = st.fixed_dictionaries(
        {"output_type": st.sampled_from(["stream", "display_data", "execute_result", "error"])},
        optional={
            "name": st.sampled_from(["stdout", "stderr"]) | json_like,
            "text": json_like,
            "data": st.dictionaries(st.sampled_from(["text/plain", "image/png", "application/x+json"]), json_like)
            | json_like,
            "metadata": json_like,
            "execution_count": json_like,
            "ename": json_like,
            "evalue": json_like,
            "traceback": json_like,
        },
    )

    @settings(max_examples=60, deadline=None, database=None)
    @given(raw=st.lists(claimed | json_like, max_size=4) | json_like)
    def test_never_raises(self, raw):
        """Whatever arrives, the answer is valid, stays the same when sanitised again, and can be demoted."""
        outputs = sanitise(raw)

        assert_valid(outputs)
        assert_valid(demote(outputs))
        assert sanitise(outputs) == outputs


class TestDemote:
    """`demote`."""

    def test_nothing_counts(self):
        """stderr, results and errors become stdout and display data, and streams merge."""
        outputs = [
            stream("stdout", "a\n"),
            stream("stderr", "b\n"),
            {
                "output_type": "error",
                "ename": "E",
                "evalue": "v",
                "traceback": ["\x1b[31mTraceback\x1b[0m", "E: v"],
            },
            display("10.0") | {"output_type": "execute_result", "execution_count": 3},
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []},
        ]
        demoted = demote(outputs)

        assert_valid(demoted)
        assert [
            stream("stdout", "a\nb\nTraceback\nE: v\n"),
            display("10.0"),
            stream("stdout", "E: v\n"),
        ] == demoted
