"""Whether the trial finds out that a way to confine does not hold."""

import os
import tempfile
import threading
from pathlib import Path

import pytest
from apart import apart

from autograder.sandbox import linux, probe
from autograder.sandbox.confinement import PACKAGE, Confinement, Fences, Namespaces
from autograder.sandbox.credentials import enter_user_namespace
from autograder.sandbox.layers import NAMES, Report

NO_CAPABILITIES = {"capabilities", "no-new-privileges"}
READ = "the host's file /etc/passwd could be read"
NETWORK = "the host's network could be reached"
SIGNAL = "a process of the host could be signalled"
FORK = "another process could be started, although the filter forbids it"


class LeavesOut:
    """Takes all the steps but those of some layers; `claims` says that these hold nevertheless."""

    left_out: set[str] = set()
    claims = False

    def _need(self, layer, *steps):
        if layer in self.left_out:
            if self.claims:
                self.held.layers.append(layer)
            return
        super()._need(layer, *steps)


class NamespacesWithout(LeavesOut, Namespaces):
    """Namespaces without some layers."""


class FencesWithout(LeavesOut, Fences):
    """Fences without some layers."""


class InTheHostsRoot(Namespaces):
    """Everything but the new root."""

    def _enter_mount_namespace(self):
        enter_user_namespace()
        linux.unshare(linux.CLONE_NEWNS, "a mount namespace")
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)

    def enter(self, directory, limits, given):
        """Stay where it is."""
        limits.apply()
        return directory


@pytest.fixture
def folder():
    """A folder that a process without rights can pass through, as the engine makes them; pytest's are root's alone."""
    with tempfile.TemporaryDirectory(prefix="autograder-test-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o711)
        yield Path(name)


@pytest.fixture
def report(folder):
    """Tries out a way."""

    def report(way, **settings):
        def inside():
            confinement = way(folder)
            for name, value in settings.items():
                setattr(confinement, name, value)
            return probe.try_out(confinement, folder).plain()

        return Report(**apart(inside))

    return report


@pytest.fixture(params=[Namespaces, Fences], ids=lambda way: way.__name__)
def sound(request, report):
    """A way that holds here, and what was found about it."""
    found = report(request.param)
    if not found.sound:
        pytest.skip(f"{found.way} cannot be had here: {found.leaks[0]}")
    return request.param, found


def test_a_way_as_it_is(sound):
    """Both fences and what keeps rights away hold, in order, and nothing gets out."""
    way, found = sound

    assert found.leaks == []
    assert found.way == way.way
    assert {"landlock", "seccomp", *NO_CAPABILITIES} <= set(found.held)
    assert found.held == [name for name in NAMES if name in found.held]
    assert not set(found.held) & set(found.missing)


def test_no_confinement_at_all(report):
    """Files, network and processes are reached."""
    found = report(Confinement)

    assert {READ, NETWORK, SIGNAL, f"the host's file {PACKAGE}/__init__.py could be read"} <= set(found.leaks)
    assert not found.sound


class TestBrokenNamespaces:
    """Namespaces that leave something out."""

    @pytest.fixture(autouse=True)
    def _here(self, report):
        found = report(Namespaces)
        if not found.sound:
            pytest.skip(f"namespaces cannot be had here: {found.leaks[0]}")

    def test_without_the_new_root(self, report):
        """The host's files are read, also where Landlock holds: it guards what is below /."""
        assert READ in report(InTheHostsRoot).leaks

    def test_a_place_too_many(self, report):
        """Each file is named."""
        places = [*Namespaces(None)._places, "/etc/passwd", str(PACKAGE)]

        assert report(Namespaces, _places=places).leaks == [
            READ,
            f"the host's file {PACKAGE}/__init__.py could be read",
            "this package could be found",
        ]

    def test_without_network_namespace_filter_and_landlock(self, report):
        """The network is reached. With any one of the three, it is not."""
        fences = {"network-namespace", "seccomp", "landlock"}

        assert report(NamespacesWithout, left_out=fences).leaks == [NETWORK]
        if linux.landlock_version() < 4:
            fences -= {"landlock"}
        for fence in fences:
            assert report(NamespacesWithout, left_out=fences - {fence}).leaks == []

    def test_a_filter_that_does_not_filter(self, report):
        """It says that it holds, and a process can be started."""
        assert report(NamespacesWithout, left_out={"seccomp"}, claims=True).leaks == [FORK]

    def test_without_scratch(self, report):
        """Nothing can be confined if there is nowhere to work."""
        (leak,) = report(NamespacesWithout, left_out={"scratch"}).leaks

        assert leak.startswith("could not confine a child: ")

    def test_a_library_that_is_not_shown(self, report):
        """Python has to work inside."""
        stdlib = os.path.dirname(os.__file__)
        places = [place for place in Namespaces(None)._places if not f"{stdlib}/".startswith(f"{place}/")]

        assert not report(Namespaces, _places=places).sound


class TestBrokenFences:
    """Landlock and filter, one of them left out."""

    @pytest.fixture(autouse=True)
    def _here(self, report):
        if not (found := report(Fences)).sound:
            pytest.skip(f"Landlock and the filter cannot be had here: {found.leaks[0]}")

    def test_without_seal(self, report):
        """Everything is open."""
        found = report(FencesWithout, left_out={"landlock", "seccomp", *NO_CAPABILITIES})

        assert {READ, NETWORK, SIGNAL} <= set(found.leaks)

    def test_without_landlock(self, report):
        """The filter lets files be read, and signals be sent since it relies on Landlock for that."""
        assert {READ, SIGNAL} <= set(report(FencesWithout, left_out={"landlock"}).leaks)


def test_a_way_that_ends_its_process(report):
    """Nobody knows what it would have done: not sound."""

    class Dies(Confinement):
        def seal(self):
            os._exit(0)

    assert report(Dies).leaks == ["the process that tried it died"]


def test_nothing_is_left_behind(report, folder):
    """No process, and in the folder nothing but folders of the trial's own."""
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    before = set(children.read_text().split())
    for way in (Confinement, Namespaces, Fences):
        report(way)

    assert set(children.read_text().split()) <= before
    assert {path.name for path in folder.iterdir()} <= {"trial", "root", "trial.leak"}


class TestRelyOn:
    """What held in the trial must hold later."""

    def fails(self):
        """A step of a layer that the kernel denies."""
        raise PermissionError(1, "Operation not permitted")

    def test_a_layer_that_is_relied_on_fails(self, tmp_path):
        """The step raises; before the trial, it is only missing."""
        confinement = Confinement(tmp_path)
        confinement._want("landlock", self.fails)
        assert confinement.held.missing == {"landlock": "Operation not permitted"}

        confinement.rely_on(frozenset({"landlock"}))
        with pytest.raises(PermissionError):
            confinement._want("landlock", self.fails)

    def test_a_layer_that_is_not_relied_on(self, tmp_path):
        """It is not tried again."""
        confinement = Confinement(tmp_path)
        confinement.rely_on(frozenset())
        confinement._want("landlock", self.fails)

        assert confinement.held.layers == []

    def test_the_first_sound_way_is_taken(self, tmp_path, monkeypatch):
        """Of those that are not, it is said why."""

        class Fails(Confinement):
            way = "fails"

            def confine_server(self):
                raise OSError(1, "no luck")

        class Holds(Confinement):
            way = "holds"

        monkeypatch.setattr(probe, "WAYS", (Fails, Holds, Namespaces))
        monkeypatch.setattr(probe, "_leaks", lambda *_: [])

        def inside():
            confinement, reports = probe.try_all(tmp_path)
            return confinement.way, confinement._known == frozenset(), [report.leaks for report in reports]

        assert apart(inside) == ["holds", True, [["could not confine the fork server: no luck"], []]]
