"""Attacks on the host's files: the course's, the interpreter's, and everything that a next student would find."""

from attacks.attack import EVERYTHING, Attack

OUT_OF_REACH = r"tried to open '.*', which is out of its reach"

ATTACKS = [
    Attack(
        "writes to the course",
        "Changes, empties, renames and deletes the files of the assignment, and adds some.",
        "mount-namespace",
        "landlock",
        front="""
            course = KNOWN.course
            for name in ["gradebook.db", "helpers.py", "source/target/helpers.py", "notebooks/target.py",
                         "bundles/target/notebooks/target.ipynb", "bundles/target/files/helpers.py",
                         "bundles/target/bundle.json", "release/target/target.ipynb",
                         "submitted/ada/target/target.ipynb"]:
                path = f"{course}/{name}"
                attempt(lambda: open(path, "a").write("changed"))
                attempt(lambda: open(path, "w"))
                attempt(lambda: os.truncate(path, 0))
                attempt(lambda: os.rename(path, path + KNOWN.mark))
                attempt(lambda: os.remove(path))
            for folder in ["", "bundles/target/files", "source/target", "submitted"]:
                attempt(lambda: open(f"{course}/{folder}/{KNOWN.mark}", "w"))
                attempt(lambda: os.mkdir(f"{course}/{folder}/{KNOWN.mark}-folder"))
            import shutil
            attempt(lambda: shutil.rmtree(course))
        """,
        sentence=r"tried to open '.*(gradebook\.db|helpers\.py|target\.ipynb)', which is out of its reach",
        harmful=True,
    ),
    Attack(
        "writes to the interpreter",
        "Changes Python's own files and NumPy's, and adds what the interpreter runs when it starts.",
        "mount-namespace",
        "landlock",
        front="""
            import site, sys, sysconfig
            import numpy as np
            for path in [np.__file__, os.__file__, sys.executable, np.__file__ + "c", "/etc/passwd", "/usr/bin/env"]:
                attempt(lambda: open(path, "r+b"))
                attempt(lambda: os.chmod(path, 0o777))
                attempt(lambda: os.rename(path, path + KNOWN.mark))
            folders = {*site.getsitepackages(), *sysconfig.get_paths().values(), os.path.dirname(sys.executable),
                       os.path.dirname(np.__file__), "/etc", "/usr/bin", "/etc/cron.d", "/lib"}
            for folder in folders:
                for name in [f"{KNOWN.mark}.pth", f"{KNOWN.mark}.py"]:
                    attempt(lambda: open(f"{folder}/{name}", "w").write("import sys"))
        """,
        sentence=r"tried to open '.*(\.py|python3?|\.pth|passwd)', which is out of its reach",
        harmful=True,
    ),
    Attack(
        "follows a symbolic link out",
        "Makes symbolic links to the host's files and folders and reads and writes through them.",
        "mount-namespace",
        "landlock",
        front="""
            places = [KNOWN.canary, KNOWN.course + "/gradebook.db", "/proc/1/root" + KNOWN.canary]
            for number, place in enumerate(places):
                link = f"link{number}"
                attempt(lambda: os.symlink(place, link))
                attempt(lambda: open(link).read())
                attempt(lambda: open(link, "a").write("changed"))
                attempt(lambda: os.chmod(link, 0))
            attempt(lambda: os.symlink(os.path.dirname(KNOWN.canary), "folder"))
            attempt(lambda: os.listdir("folder"))
            attempt(lambda: open(f"folder/{KNOWN.mark}", "w"))
            attempt(lambda: os.remove("folder/canary.txt"))
        """,
        sentence=OUT_OF_REACH,
        harmful=True,
    ),
    Attack(
        "makes a hard link to a file of the host's",
        "Links, bind by bind, the host's files into its own folder to change them there.",
        "mount-namespace",
        "landlock",
        front="""
            import helpers, numpy, shutil
            for number, path in enumerate([KNOWN.canary, f"{KNOWN.course}/helpers.py", numpy.__file__, os.__file__]):
                link = f"hard{number}"
                attempt(lambda: os.link(path, link))
                attempt(lambda: os.link(path, f"/tmp/{link}"))
                attempt(lambda: os.rename(path, link))
                if os.path.exists(link):
                    breach(f"{path} is linked")
                    os.remove(link)
            attempt(lambda: open(KNOWN.canary, "a"))
        """,
        sentence=OUT_OF_REACH,
        harmful=True,
    ),
    Attack(
        "climbs out of its folder",
        "Goes up as far as there is a way up, by name, by descriptor and by chroot.",
        "mount-namespace",
        "landlock",
        front="""
            up, place = "../" * 40, os.getcwd()
            attempt(lambda: open(up + KNOWN.canary.lstrip("/")).read())
            attempt(lambda: open("/proc/self/root" + KNOWN.canary).read())
            attempt(lambda: open("/proc/self/cwd/" + up + KNOWN.canary.lstrip("/")).read())
            attempt(lambda: open("/proc/thread-self/root" + KNOWN.canary).read())
            here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
            attempt(lambda: os.open(up + KNOWN.canary.lstrip("/"), os.O_RDWR, dir_fd=here))
            attempt(lambda: os.mkdir("jail"))
            attempt(lambda: os.chroot("jail"))
            for _ in range(40):
                attempt(lambda: os.fchdir(here))
                attempt(lambda: os.chdir(".."))
            attempt(lambda: os.chroot("."))
            attempt(lambda: open("." + KNOWN.canary).read())
            attempt(lambda: open(KNOWN.canary, "a"))
            attempt(lambda: os.chdir(place))
        """,
        sentence=r"tried to open '.*canary\.txt', which is out of its reach",
    ),
    Attack(
        "mounts",
        "Mounts disks, /proc and folders of the host's, and unmounts what hides them.",
        "user-namespace",
        "seccomp",
        front="""
            os.makedirs("place", exist_ok=True)
            call("mount", b"proc", b"place", b"proc", 0, None)
            call("mount", os.path.dirname(KNOWN.canary).encode(), b"place", None, 4096, None)
            call("mount", b"/", b"place", None, 4096 | 16384, None)
            call("mount", b"none", b"place", b"tmpfs", 0, None)
            call("mount", None, b"/", None, 32, None)
            for disk in [b"/dev/vda", b"/dev/sda", b"/dev/nvme0n1"]:
                call("mount", disk, b"place", b"ext4", 0, None)
            attempt(lambda: os.listdir("place") and breach(f"mounted: {os.listdir('place')}"))
            for place in [b"/", b"/proc", b".", b"/tmp", b"/dev"]:
                call("umount2", place, 2)
            system_call("pivot_root", b".", b".")
            tree = system_call("open_tree", -100, b"/", 1)
            if tree >= 0:
                attempt(lambda: os.open(KNOWN.canary.lstrip("/"), os.O_RDONLY, dir_fd=tree))
                breach("open_tree gave a copy of the file system")
            if system_call("fsopen", b"ext4", 0) >= 0:
                breach("fsopen works")
            attempt(lambda: open(KNOWN.canary).read())
        """,
        sentence=r"called the C function 'mount'",
        harmful=True,
    ),
    Attack(
        "enters other namespaces",
        "Goes over to the namespaces of its parent and of process 1.",
        "capabilities",
        "seccomp",
        front="""
            here = os.getcwd()
            for number in [1, os.getppid(), KNOWN.grader, KNOWN.pid, "self"]:
                for kind in ["mnt", "user", "pid", "net", "ipc", "uts", "cgroup"]:
                    try:
                        descriptor = os.open(f"/proc/{number}/ns/{kind}", os.O_RDONLY)
                    except OSError as error:
                        print(number, kind, error)
                        continue
                    before = os.readlink(f"/proc/self/ns/{kind}")
                    call("setns", descriptor, 0)
                    if os.readlink(f"/proc/self/ns/{kind}") != before:
                        breach(f"went over to the {kind} namespace of {number}")
            descriptor = system_call("pidfd_open", KNOWN.pid, 0)
            if descriptor >= 0:
                call("setns", descriptor, 0x20000000 | 0x00020000)
            attempt(lambda: open(KNOWN.canary).read())
            attempt(lambda: os.chdir(here))
        """,
        sentence=r"called the C function '(setns|syscall)'",
    ),
    Attack(
        "makes device nodes",
        "Makes nodes for disks and memory, and opens those that are there.",
        "capabilities",
        "seccomp",
        front="""
            import glob
            call("mknod", b"by C", 0o60600, os.makedev(8, 0))
            for name, numbers in {"memory": (1, 1), "disk": (8, 0), "virtual": (254, 0), "kernel": (1, 11)}.items():
                attempt(lambda: os.mknod(name, 0o60600, os.makedev(*numbers)))
                attempt(lambda: os.mknod(name + "c", 0o20600, os.makedev(*numbers)))
                for path in (name, name + "c"):
                    try:
                        open(path, "rb").read(1)
                        breach(f"{name} can be read")
                    except OSError as error:
                        print(error)
            for path in ["/dev/mem", "/dev/kmsg", "/dev/port", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/kvm",
                         "/dev/fuse", "/dev/net/tun", "/dev/tty", "/dev/console", "/dev/ptmx", "/dev/loop-control"]:
                try:
                    os.open(path, os.O_RDWR)
                    breach(f"{path} can be opened")
                except OSError as error:
                    print(error)
            print(glob.glob("/dev/*"))
        """,
        sentence=r"called the C function 'mknod'",
        harmful=True,
    ),
    Attack(
        "changes owners and modes",
        "Changes what the file system keeps about files of the host's.",
        "mount-namespace",
        "seccomp",
        front="""
            import numpy, helpers
            course = KNOWN.course
            for path in [KNOWN.canary, course, f"{course}/gradebook.db", numpy.__file__, "/etc/passwd", "/"]:
                attempt(lambda: os.chmod(path, 0o4777))
                attempt(lambda: os.chown(path, os.getuid(), os.getgid()))
                attempt(lambda: os.utime(path, (0, 0)))
                attempt(lambda: os.setxattr(path, "user.mark", b"left"))
                call("truncate", path.encode(), 0)
            attempt(lambda: open(KNOWN.canary, "r+"))
        """,
        sentence=r"tried to open '.*canary\.txt', which is out of its reach",
        harmful=True,
    ),
    Attack(
        "locks a shared file",
        "Locks files that everybody reads, so that whoever comes next has to wait.",
        "seccomp",
        front="""
            import fcntl, helpers, numpy
            held = []
            for path in [numpy.__file__, os.__file__, "/dev/null", "/dev/urandom", KNOWN.canary]:
                try:
                    held.append(os.open(path, os.O_RDONLY))
                    fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
                    breach(f"{path} is locked")
                except OSError as error:
                    print(type(error).__name__, error)
                attempt(lambda: fcntl.fcntl(held[-1], fcntl.F_SETLEASE, fcntl.F_WRLCK))
        """,
        sentence=r"tried to open '.*canary\.txt', which is out of its reach",
    ),
    Attack(
        "leaves files behind",
        "Leaves files for the next student wherever it can write.",
        "scratch",
        "private-copy",
        front="""
            import sys, tempfile
            home = os.path.expanduser("~")
            caches = [os.environ.get("MPLCONFIGDIR", home), f"{home}/.config", f"{home}/.ipython/startup"]
            places = [os.getcwd(), "..", "../..", home, *caches, tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm",
                      "/run", "/var/lock", "/", os.path.dirname(KNOWN.canary), "/dev/mqueue", *sys.path]
            for place in places:
                attempt(lambda: os.makedirs(place or ".", exist_ok=True))
                attempt(lambda: open(os.path.join(place or ".", f"00-{KNOWN.mark}.py"), "w").write("print('hello')"))
            attempt(lambda: open(f"/dev/mqueue/{KNOWN.mark}", "w"))
        """,
        sentence=OUT_OF_REACH,
        harmful=True,
    ),
    Attack(
        "leaves patches behind",
        "Changes modules, variables and memory that its process might share with the next student's.",
        "two-processes",
        front="""
            import builtins, ctypes, sys
            import numpy as np
            for place in (builtins, np, sys):
                setattr(place, KNOWN.mark, True)
            os.environ[KNOWN.mark] = "1"
            np.allclose = None
            # The number 1, for whoever shares this memory; and the pages that are shared with whoever wants to write.
            shared = [line.split() for line in open("/proc/self/maps") if line.split()[1] == "rw-s"] \\
                if os.access("/proc/self/maps", os.R_OK) else []
            for area, *_ in shared:
                begin, end = (int(number, 16) for number in area.split("-"))
                if end - begin < 1 << 24:
                    ctypes.memset(begin, 0x41, end - begin)
            print(shared)
        """,
    ),
    Attack(
        "puts files where the tests run",
        "Writes modules and settings into the folder that the tests see, and tells of others that it has not.",
        "two-processes",
        front="""
            names = ["helpers.py", "numpy.py", "sitecustomize.py", "usercustomize.py", "matplotlibrc", "x.pth", "a.so",
                     "numpy/__init__.py", "IPython/__init__.py", "__pycache__/helpers.cpython-311.pyc", ".numpyrc"]
            code = "FACTOR = 0\\nimport os\\nos._exit(3)"
            for name in names:
                attempt(lambda: os.makedirs(os.path.dirname(name) or ".", exist_ok=True))
                attempt(lambda: open(name, "w").write(code))
            os.symlink("/", "root")
            peer = holder("Student")._peer
            honest = peer._files.pending
            forged = {f"work/{name}": code.encode() for name in names}
            forged |= {f"work/{name}": None for name in ["", ".", "..", "helpers.py"]}
            paths = ["/etc/passwd", "work/../../x", "work/root/x", "work//x", "tmp/../x", "x"]
            forged |= {path: b"x" for path in paths}
            peer._files.pending = lambda: sorted([path, content] for path, content in forged.items())
        """,
        answers={"last": "def last(x):\n    open('helpers.py', 'w').write('FACTOR = 9')\n    return 0"},
        # Its own code imports what it has written, too.
        lost=EVERYTHING,
        sentence=r"should be|the student's process called os._exit",
    ),
    Attack(
        "fills the folder of the tests",
        "Writes file after file into the folder that it shares with the tests, as large and as many as they can be.",
        "scratch",
        "limits",
        answers={
            "total": """
                def total(x):
                    for number in range(100):
                        with open(f"{number % 3}.{number}", "wb") as file:
                            file.write(os.urandom(1 << 20) * 30)
                        x(number)
                        if number > 2:
                            os.remove(f"{(number - 2) % 3}.{number - 2}")
                    return 0
            """,
            "last": "def last(x):\n    for n in range(5000):\n        open(f'n{n}', 'w').close()\n    return 0",
        },
        lost=("total", "last"),
        sentence=r"should be|No space left|cannot be written here|were up|used up the time",
    ),
    Attack(
        "tells of files that are none",
        "Sends files in forms that the protocol does not have, and more than one message may hold.",
        "two-processes",
        answers={
            "keep": """
                def keep(x):
                    holder("Student")._peer._files.pending = lambda: [["work/x", 3]]
                    return x
            """,
            "scale": """
                def scale(x):
                    holder("Student")._peer._files.pending = lambda: [[f"work/{n}", b""] for n in range(5000)]
                    return x
            """,
            "last": """
                def last(x):
                    holder("Student")._peer._files.pending = lambda: [["work/x", bytes(40 << 20)]]
                    return x
            """,
        },
        lost=("keep", "scale", "last"),
        sentence=r"the student's process broke the protocol",
    ),
]
