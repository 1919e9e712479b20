"""Which of the host's files a confined process is shown."""

import site
import sys
import sysconfig
from pathlib import Path

import pytest

from autograder.sandbox.bind_mounts import needed


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A pretended Python: gives the folders, under the test's own, that are shown; its library is always there."""
    (tmp_path / "python/lib").mkdir(parents=True)

    def shown(without, libraries=(), path=()):
        names = ["purelib", "platlib"]
        paths = {"stdlib": tmp_path / "python/lib", "platstdlib": tmp_path / "python/lib"}
        paths |= dict(zip(names, [*libraries, *libraries][:2], strict=False)) if libraries else {}
        paths = dict.fromkeys(names, tmp_path / "python/lib") | paths
        monkeypatch.setattr(sysconfig, "get_paths", lambda: {name: str(place) for name, place in paths.items()})
        monkeypatch.setattr(sys, "path", [str(place) for place in path])
        monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
        places = [Path(place) for place in needed(without)]
        return {str(place.relative_to(tmp_path)) for place in places if place.is_relative_to(tmp_path)}

    return shown


@pytest.fixture
def installed(tmp_path):
    """A folder of packages with the package in it."""
    folder = tmp_path / "site-packages"
    for name in ("autograder/isolation", "numpy/linalg", "autograder-1.0.dist-info", "autograder_tools"):
        (folder / name).mkdir(parents=True)
    (folder / "six.py").touch()
    (folder / "autograder/__init__.py").touch()
    return folder


def test_the_package_among_others_is_not_shown(machine, installed):
    """Its neighbours are, also those whose names begin like it; the folder itself is not."""
    assert machine(installed / "autograder", [installed]) == {
        *("python/lib", "site-packages/numpy", "site-packages/six.py"),
        *("site-packages/autograder-1.0.dist-info", "site-packages/autograder_tools"),
    }


def test_the_folder_of_packages_is_on_the_path_as_well(machine, installed):
    """As it is in every Python."""
    shown = machine(installed / "autograder", [installed], [installed])

    assert "site-packages/numpy" in shown
    assert not {"site-packages", "site-packages/autograder"} & shown


def test_a_checkout_on_the_path_is_not_shown(machine, tmp_path):
    """Masters, tests and bundles lie there; its virtual environment, inside of it, is shown."""
    checkout = tmp_path / "checkout"
    library = checkout / ".venv/lib/python3/site-packages"
    for folder in (checkout / "autograder", checkout / "notebooks", library):
        folder.mkdir(parents=True)
    (tmp_path / "by-another-name").symlink_to(checkout)

    assert machine(checkout / "autograder", [library], [checkout, tmp_path / "by-another-name"]) == {
        "python/lib",
        "checkout/.venv/lib/python3/site-packages",
    }


def test_nothing_is_within_another(machine, tmp_path):
    """A folder that is on the path in a folder that is: once. One whose name begins alike is another."""
    for name in ("a/b/c", "ab"):
        (tmp_path / name).mkdir(parents=True)
    path = [tmp_path / "a/b/c", tmp_path / "a", tmp_path / "ab", tmp_path / "missing"]

    assert machine(tmp_path / "nowhere", path=path) == {"python/lib", "a", "ab"}


def test_on_this_machine():
    """Nothing of the package, nor what it lies in; Python's library, and each place exists."""
    import autograder

    package = Path(autograder.__file__).parent
    places = [Path(place) for place in needed(package)]

    assert not any(package.is_relative_to(place) or place.is_relative_to(package) for place in places)
    assert all(place.exists() for place in places)
    assert not any(one != other and one.is_relative_to(other) for one in places for other in places)
    assert any(Path(sysconfig.get_path("stdlib")).is_relative_to(place) for place in places)


def test_a_link_is_shown_at_both_names(machine, tmp_path):
    """Python asks for the one, and libraries that resolve it for the other."""
    (tmp_path / "real/lib").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert machine(tmp_path / "nowhere", [tmp_path / "link/lib"]) == {"python/lib", "link/lib", "real/lib"}


def test_the_package_behind_a_link_is_not_shown(machine, installed, tmp_path):
    """As where lib64 is a link to lib, and packages are looked for in both."""
    (tmp_path / "lib64").symlink_to(tmp_path / "site-packages")
    shown = machine(installed / "autograder", [installed, tmp_path / "lib64"], [installed, tmp_path / "lib64"])

    assert [place for place in shown if (tmp_path / place / "autograder").exists()] == []
    assert not any((tmp_path / place).resolve() == installed / "autograder" for place in shown)


def test_a_link_to_the_package_is_not_shown(machine, installed):
    """Under whatever name."""
    (installed / "alias").symlink_to(installed / "autograder")
    shown = machine(installed / "autograder", [installed])

    assert "site-packages/numpy" in shown
    assert "site-packages/alias" not in shown
