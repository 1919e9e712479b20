"""One course to attack, and one engine that grades the attacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attacks.judge import is_confined
from attacks.roads import ByEngine
from attacks.target import Target
from attacks.target import target as make_target


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    """The course that is attacked, and what lies around it."""
    with make_target() as made:
        yield made


@pytest.fixture(scope="session")
def by_engine(target: Target) -> Iterator[ByEngine]:
    """Grades in this process."""
    with ByEngine(target) as road:
        yield road


@pytest.fixture(scope="session")
def confined(target: Target, by_engine: ByEngine) -> bool:
    """Whether anything stands between a student's code and this machine."""
    return is_confined(target, by_engine)
