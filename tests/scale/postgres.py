"""A PostgreSQL server of the tests' own, from the packages of the system."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

NOBODY_IN_PARTICULAR = ("postgres", "nobody")


def programs() -> Path | None:
    """Return the folder of the newest server's programs, None if there is none."""
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
    found += sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1] if found else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Run a server that listens on a socket only; yield the folder of the socket."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-postgres-"))
    # It refuses to run as root.
    user = _unprivileged() if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    given = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def run(program: str, *options: str) -> None:
        subprocess.run(
            [programs / program, *options], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=300, **given
        )

    data = str(folder / "data")
    try:
        run(
            "initdb", "--pgdata", data, "--username", "autograder", "--auth", "trust", "--encoding", "UTF8", "--no-sync"
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "--pgdata", data, "--wait", "--timeout", "120", "--log", f"{folder}/log", "-o", options, "start")
        try:
            yield str(folder)
        finally:
            run("pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(folder: str, name: str) -> str:
    """Create a database on the server whose socket is in a folder, and return its address for nbgrader."""
    with psycopg.connect(host=folder, user="autograder", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    return f"postgresql+psycopg://autograder@/{name}?host={folder}"


def _unprivileged() -> pwd.struct_passwd:
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in NOBODY_IN_PARTICULAR if name in known)
