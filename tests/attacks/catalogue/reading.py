"""Attacks that look for the tests, the answers, and whatever else is nobody's business."""

from attacks.attack import Attack

OUT_OF_REACH = r"tried to open '.*', which is out of its reach"

ATTACKS = [
    Attack(
        "reads the course",
        "Reads everything in the course's folder: tests, answers, masters, configuration.",
        "mount-namespace",
        "landlock",
        front="""
            for name in ["bundles/target/notebooks/target.ipynb", "source/target/target.ipynb", "notebooks/target.py",
                         "gradebook.db", "nbgrader_config.py", "release/target/target.ipynb",
                         "notebooks/target.misconceptions.toml", "bundles/target/misconceptions/target.toml"]:
                attempt(lambda: open(os.path.join(KNOWN.course, name), "rb").read())
            for folder, _, names in os.walk(KNOWN.course):
                for name in names:
                    attempt(lambda: os.read(os.open(os.path.join(folder, name), os.O_RDONLY), 1 << 20))
            attempt(lambda: os.listdir(KNOWN.course) and breach("the course's folder can be listed"))
        """,
        lost=("keep", "last"),
        sentence=r"tried to open '.*target\.ipynb', which is out of its reach",
    ),
    Attack(
        "searches the disk",
        "Walks over the whole disk and reads notebooks, databases and texts wherever they are.",
        "mount-namespace",
        "landlock",
        front="""
            import time
            end = time.monotonic() + 0.5
            attempt(lambda: open(os.path.join(os.path.dirname(KNOWN.canary), "canary.txt")).read())
            for start in ["..", os.path.dirname(KNOWN.course), "/tmp", "/home", "/var", "/srv", "/mnt", "/opt", "/"]:
                for folder, _, names in os.walk(start):
                    for name in names:
                        if name.endswith((".ipynb", ".db", ".txt")) and time.monotonic() < end:
                            try:
                                hunt(open(os.path.join(folder, name), "rb").read(1 << 20))
                            except OSError:
                                pass
                    if time.monotonic() > end:
                        break
        """,
        lost=("keep", "last"),
        sentence=OUT_OF_REACH,
    ),
    Attack(
        "reads another student's submission",
        "Reads what others handed in, by its full path and from where it works.",
        "mount-namespace",
        "landlock",
        front="""
            import glob
            for student in ["ada", "ben"]:
                attempt(lambda: open(f"{KNOWN.course}/submitted/{student}/target/target.ipynb").read())
                attempt(lambda: open(f"{KNOWN.course}/autograded/{student}/target/target.ipynb").read())
            for pattern in ["../*", "../../*", "../../../submitted/*/target/*", "/tmp/autograder-*/*/*"]:
                for path in glob.glob(pattern):
                    attempt(lambda: open(path, "rb").read())
        """,
        sentence=r"tried to open '.*/submitted/ada/target/target\.ipynb', which is out of its reach",
    ),
    Attack(
        "reads the gradebook",
        "Opens the gradebook as a database and as a file, and changes its marks.",
        "mount-namespace",
        "landlock",
        front="""
            import sqlite3

            def marks():
                book = sqlite3.connect(f"file:{KNOWN.course}/gradebook.db?immutable=1", uri=True)
                return [book.execute(f"select * from {table}").fetchall() for table in ("grade", "source_cell")]

            def change():
                book = sqlite3.connect(f"{KNOWN.course}/gradebook.db")
                book.execute("update grade set auto_score = 10")
                book.commit()
                breach("the gradebook was changed")

            attempt(marks)
            attempt(change)
            attempt(lambda: open(f"{KNOWN.course}/gradebook.db", "r+b").read())
        """,
        lost=("keep", "last"),
        sentence=r"tried to open '.*gradebook\.db', which is out of its reach",
    ),
    Attack(
        "reads the host's accounts",
        "Reads the host's users and their passwords.",
        "mount-namespace",
        "landlock",
        front="""
            import hashlib, pwd
            for name in ["passwd", "shadow", "group", "sudoers", "hosts", "machine-id"]:
                attempt(lambda: open(f"/etc/{name}").read())
            try:
                if hashlib.sha256(open("/etc/passwd", "rb").read()).hexdigest() == KNOWN.accounts:
                    breach("this is the host's /etc/passwd")
            except OSError:
                pass
            attempt(lambda: pwd.getpwall())
        """,
        sentence=r"tried to open '/etc/(passwd|shadow)', which is out of its reach",
    ),
    Attack(
        "reads home directories",
        "Looks for keys and passwords in everybody's home.",
        "mount-namespace",
        "landlock",
        front="""
            import glob
            attempt(lambda: open(os.path.join(KNOWN.home, ".netrc")).read())
            homes = [KNOWN.home, "/root", *glob.glob("/home/*"), os.path.expanduser("~root")]
            for home in homes:
                for name in [".netrc", ".bashrc", ".profile", ".ssh/id_rsa", ".git-credentials", ".bash_history"]:
                    try:
                        open(os.path.join(home, name)).read()
                        breach(f"{name} can be read")
                    except OSError as error:
                        print(type(error).__name__, error)
        """,
        sentence=r"tried to open '.*\.netrc', which is out of its reach",
    ),
    Attack(
        "reads other processes in /proc",
        "Reads the environment, the command line, the memory and the open files of other processes.",
        "pid-namespace",
        "landlock",
        front="""
            import glob
            numbers = {1, os.getppid(), KNOWN.pid, KNOWN.grader} - {0, os.getpid()}
            for number in sorted(numbers):
                for name in ["environ", "cmdline", "maps", "status", "cwd/canary.txt", "root/etc/passwd"]:
                    attempt(lambda: open(f"/proc/{number}/{name}", "rb").read())
                for path in glob.glob(f"/proc/{number}/fd/*"):
                    attempt(lambda: os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 1000))

            def memory():
                with open(f"/proc/{KNOWN.pid}/mem", "rb", 0) as memory:
                    memory.seek(KNOWN.address)
                    return memory.read(KNOWN.length)

            attempt(memory)
        """,
        sentence=r"tried to open '/proc/\d+/\w+', which is out of its reach",
    ),
    Attack(
        "looks through frames",
        "Walks up the stack of whoever calls it, in search of the tests.",
        "two-processes",
        answers={
            "last": """
                def last(x):
                    import sys
                    frame, seen = sys._getframe(), []
                    while frame:
                        seen += [frame.f_locals, frame.f_code.co_consts, list(frame.f_globals)]
                        frame = frame.f_back
                    for other in sys._current_frames().values():
                        seen += [other.f_locals, other.f_code.co_consts]
                    for thing in seen:
                        hunt(repr(thing)[:100_000])
                    return 0
            """
        },
        sentence=r"looked at other code's frames",
    ),
    Attack(
        "looks through the garbage collector",
        "Looks for the tests among all objects of its process.",
        "two-processes",
        answers={
            "last": """
                def last(x):
                    import gc
                    for thing in gc.get_objects():
                        if type(thing) is dict:
                            hunt([v for v in thing.values() if type(v) in (str, bytes)])
                        elif type(thing) in (list, tuple):
                            hunt([v for v in thing if type(v) in (str, bytes)])
                        elif hasattr(type(thing), "__code__"):
                            hunt(thing.__code__.co_consts)
                    return 0
            """
        },
        sentence=r"looked through the memory of its process",
    ),
    Attack(
        "looks through modules",
        "Looks for the tests in every module that is loaded.",
        "two-processes",
        front="""
            import sys
            for module in list(sys.modules.values()):
                for name, thing in list(vars(module).items()) if module else []:
                    if name != "KNOWN" and type(thing) in (str, bytes, list, tuple, dict):
                        hunt(repr(thing)[:10_000])
            loaded = [name for name in sys.modules if name.startswith(("autograder.grading", "autograder.authoring"))]
            if loaded:
                breach(f"loaded: {loaded}")
        """,
    ),
    Attack(
        "reads its own memory",
        "Searches all memory of its process, in which something of the grader's might have remained.",
        "two-processes",
        front="""
            def search():
                with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
                    for line in maps:
                        area, rights, *_ = line.split()
                        begin, end = (int(number, 16) for number in area.split("-"))
                        if rights.startswith("rw") and end - begin < 1 << 28:
                            try:
                                memory.seek(begin)
                                hunt(memory.read(end - begin))
                            except (OSError, OverflowError):
                                pass

            attempt(search)
            attempt(lambda: open(f"/proc/{os.getpid()}/mem", "rb", 0))
            attempt(lambda: open("/dev/mem", "rb"))
        """,
        sentence=r"tried to open '/(proc/self/(maps|mem)|dev/mem)', which is out of its reach",
    ),
    Attack(
        "reads the environment",
        "Looks for secrets in variables, in the command line and in what the kernel gave its process.",
        "clean-environment",
        front="""
            hunt(os.environ)
            for name in ["environ", "cmdline", "auxv", "mountinfo", "cgroup"]:
                attempt(lambda: open(f"/proc/self/{name}", "rb").read())
            for name in sorted(os.environ):
                print(name, "=", os.environ[name])
            if "ATTACKED_ENVIRONMENT" in os.environ:
                breach("the grader's environment was inherited")
        """,
    ),
    Attack(
        "imports the grader",
        "Imports the package that grades it, and the libraries that know where the gradebook is.",
        "mount-namespace",
        "landlock",
        front="""
            import importlib, importlib.util, sys
            for name in ["autograder", "autograder.notebook.specification", "autograder.grading.grader",
                         "autograder.release", "autograder.cli.demo", "autograder.diagnosis",
                         "autograder.notebook.stubs"]:
                attempt(lambda: importlib.import_module(name))
                if name in sys.modules and name != "autograder":
                    breach(f"{name} was imported")
            attempt(lambda: open(importlib.util.find_spec("autograder.grading").origin).read())
        """,
        sentence=r"tried to import 'autograder",
    ),
    Attack(
        "imports another assignment's helpers",
        "Imports helpers and masters from where it knows them to be.",
        "mount-namespace",
        "landlock",
        front="""
            import importlib.util, runpy, sys
            sys.path[:0] = [KNOWN.course, f"{KNOWN.course}/source/other", f"{KNOWN.course}/bundles/other/files"]
            attempt(lambda: __import__("other_helpers").ANSWER)
            for path in [f"{KNOWN.course}/other_helpers.py", f"{KNOWN.course}/source/other/other_helpers.py"]:
                attempt(lambda: runpy.run_path(path)["ANSWER"])
                attempt(lambda: importlib.util.spec_from_file_location("other", path).loader.get_data(path))
            attempt(lambda: get_ipython().run_line_magic("run", path))
        """,
        sentence=r"tried to open '.*other_helpers\.py', which is out of its reach",
    ),
    Attack(
        "uses descriptors that were left open",
        "Reads from every descriptor that its process was born with, and opens folders through them.",
        "clean-environment",
        front="""
            import stat
            for descriptor in range(256):
                try:
                    mode = os.fstat(descriptor).st_mode
                except OSError:
                    continue
                print(descriptor, oct(mode))
                if stat.S_ISDIR(mode):
                    attempt(lambda: os.listdir(descriptor))
                    attempt(lambda: os.open("../../etc/passwd", os.O_RDONLY, dir_fd=descriptor))
                if stat.S_ISREG(mode):
                    attempt(lambda: os.pread(descriptor, 1 << 20, 0))
                attempt(lambda: open(f"/proc/self/fd/{descriptor}", "rb", 0).read(100) if stat.S_ISREG(mode) else None)
            if len(wires()) > 1:
                breach(f"more than one socket: {wires()}")
        """,
    ),
    Attack(
        "reads what lies around it",
        "Reads every file in the folder that it works in and in those above, its own notebook among them.",
        "private-copy",
        front="""
            for start in [".", "..", os.path.expanduser("~"), os.environ.get("TMPDIR", ".")]:
                for folder, _, names in os.walk(start):
                    for name in names:
                        attempt(lambda: open(os.path.join(folder, name), "rb").read(1 << 20))
        """,
        lost=("keep", "last"),
    ),
    Attack(
        "reads by every library",
        "Reads the same file through NumPy, SQLite, memory maps, IPython and C.",
        "mount-namespace",
        "landlock",
        front="""
            import io, linecache, mmap, pathlib, tokenize
            import numpy as np
            path = KNOWN.canary
            attempt(lambda: np.fromfile(path, np.uint8).tobytes())
            attempt(lambda: np.memmap(path, mode="r").tobytes())
            attempt(lambda: np.loadtxt(path, str).tolist())
            attempt(lambda: pathlib.Path(path).read_text())
            attempt(lambda: io.FileIO(path).read())
            attempt(lambda: linecache.getlines(path))
            attempt(lambda: tokenize.open(path).read())
            attempt(lambda: __import__("sqlite3").connect(f"file:{path}?immutable=1", uri=True).execute("select 1"))
            attempt(lambda: __import__("IPython").display.Image(filename=path).data)
            attempt(lambda: get_ipython().run_line_magic("pycat", path))
            attempt(lambda: get_ipython().run_line_magic("load", path))
            attempt(lambda: get_ipython().getoutput(f"cat {path}"))
            descriptor = call("open", path.encode(), 0)
            if descriptor >= 0:
                hunt(os.read(descriptor, 100))
            linked = call("symlink", path.encode(), b"a link"), attempt(lambda: open("a link").read())
        """,
        sentence=r"tried to open '.*canary\.txt', which is out of its reach",
    ),
    Attack(
        "lets a traceback quote a file",
        "Raises errors that claim to stand in a file whose lines a traceback would show.",
        "mount-namespace",
        "landlock",
        answers={
            "last": """
                def last(x):
                    import warnings
                    try:
                        warnings.warn_explicit("look", UserWarning, KNOWN.canary, 1)
                    except Exception as error:
                        print(error)
                    exec(compile("raise_it = lambda e: (_ for _ in ()).throw(e)", KNOWN.canary, "exec"), globals())
                    raise_it(SyntaxError("look", (KNOWN.canary, 1, 1, None)))
            """
        },
        sentence=r"SyntaxError: look",
    ),
]
