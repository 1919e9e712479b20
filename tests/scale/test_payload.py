"""What travels to a worker on another machine."""

from __future__ import annotations

import pickle

import small_course

from autograder.batch.payload import SentTask, pack
from autograder.batch.result_store import Record
from autograder.batch.worker import Job, Task


def job(root) -> Job:
    """Return the job of grading the small course."""
    return Job(root, "task")


class TestShipment:
    """An assignment."""

    def test_it_works_where_nothing_else_is(self, tmp_path):
        """Neither course nor gradebook; what a worker finds is what the grader finds."""
        here = pack(job(small_course.make(tmp_path / "course").course.root))
        there = pickle.loads(pickle.dumps(here))
        (tmp_path / "course").rename(tmp_path / "gone")
        there.unpack(tmp_path / "worker")
        place = there.workplace(tmp_path / "worker")

        assert place.bundle.cells.keys() == {"task"}
        assert [cell.name for cell in place.released("task").notebook.grade_cells] == ["test_first", "test_second"]
        assert there.hash == here.hash

    def test_its_hash_is_of_what_it_holds(self, tmp_path):
        """The same course elsewhere has the same; another helper, configuration or option has another."""
        root = small_course.make(tmp_path / "one").course.root
        first = pack(job(root)).hash
        assert pack(job(small_course.make(tmp_path / "two").course.root)).hash == first

        assert pack(Job(root, "task", carry_forward=False)).hash != first
        (tmp_path / "two" / "aliases.toml").write_text("", encoding="utf-8")
        assert pack(Job(tmp_path / "two", "task", None)).hash != first

    def test_what_the_configuration_loads(self, tmp_path):
        """It counts, although the file that loads it stays the same."""
        root = small_course.make(tmp_path / "course").course.root
        with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write("\nload_subconfig('limits.py')\n")
        hashes = []
        for seconds in (5, 6):
            (root / "limits.py").write_text(f"get_config().Execute.timeout = {seconds}\n", encoding="utf-8")
            hashes.append(pack(job(root)).hash)

        assert hashes[0] != hashes[1]

    def test_no_address_of_the_gradebook(self, tmp_path):
        """It may hold a password, and no worker needs it."""
        root = small_course.make(tmp_path / "course").course.root
        with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(f"\nc.CourseDirectory.db_url = 'sqlite:///{root}/gradebook.db'\n")

        assert b"gradebook.db" not in pickle.dumps(pack(job(root)))


class TestSentTask:
    """A submission."""

    def sent(self, folder) -> SentTask:
        """Return it as a worker gets it."""
        task = Task(Record("ada", "key", "", "", "", {}), folder, ["task"])
        return pickle.loads(pickle.dumps(SentTask.of(task)))

    def test_files_arrive_and_go(self, tmp_path):
        """In folders, too; links were not handed in."""
        (tmp_path / "ada" / "deep").mkdir(parents=True)
        (tmp_path / "ada" / "deep" / "a.bin").write_bytes(b"\x00\xff")
        (tmp_path / "ada" / "link").symlink_to("/etc/hostname")
        with self.sent(tmp_path / "ada").unpacked() as task:
            found = {path.relative_to(task.folder).as_posix() for path in task.folder.rglob("*") if path.is_file()}

            assert found == {"deep/a.bin"}
            assert (task.folder / "deep" / "a.bin").read_bytes() == b"\x00\xff"
            assert task.folder != tmp_path / "ada"
        assert not task.folder.exists()

    def test_what_nobody_looks_at_stays(self, tmp_path):
        """If there is too much of it, only its size is sent; notebooks always are."""
        folder = tmp_path / "ada"
        folder.mkdir()
        (folder / "task.ipynb").write_text("{}", encoding="utf-8")
        for name in ("data.bin", "huge.ipynb"):
            with open(folder / name, "wb") as file:
                file.truncate(70 << 20)
        sent = self.sent(folder)

        assert sent.files == {"data.bin": 70 << 20, "huge.ipynb": 70 << 20, "task.ipynb": b"{}"}
        with sent.unpacked() as task:
            assert (task.folder / "data.bin").stat().st_size == 70 << 20
