"""User, groups and user namespace of a confined process."""

from __future__ import annotations

import os

from autograder.sandbox import linux

NOBODY = 65534
# What the student is called inside. Not 0: limits on the number of processes do not hold for it.
INSIDE = 1000


def drop_root() -> None:
    """If this process is root, become nobody, for good."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        linux.make_dumpable()


def enter_user_namespace() -> None:
    """Become the only user of a new user namespace, with every right inside it and none outside.

    Raises OSError if the machine denies that.
    """
    user, group = os.geteuid(), os.getegid()
    linux.unshare(linux.CLONE_NEWUSER, "a user namespace")
    # Some machines let the first step succeed and deny these.
    for name, text in {
        "setgroups": "deny",
        "uid_map": f"{INSIDE} {user} 1",
        "gid_map": f"{INSIDE} {group} 1",
    }.items():
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
