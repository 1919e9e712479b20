"""Which package may import which: arrows run one way, so that a package can be read without those above it."""

import ast
from pathlib import Path

import autograder

PACKAGE = Path(autograder.__file__).parent
# From the bottom to the top: each imports those in its list, and nothing else of the project.
MAY_IMPORT = {
    "files": [],
    "hashing": [],
    "nbgrader_run": [],
    "gradebook": [],
    "kernel": [],
    "sandbox": ["kernel"],
    "rpc": ["kernel", "sandbox"],
    "processes": ["kernel", "sandbox", "rpc"],
    "notebook": ["hashing"],
    "release": ["files", "hashing", "notebook"],
    "course": ["release"],
    "intake": ["notebook"],
    "diagnosis": ["notebook", "rpc"],
    "grading": [
        *(
            "course",
            "diagnosis",
            "files",
            "gradebook",
            "hashing",
            "intake",
            "kernel",
            "notebook",
            "processes",
            "release",
        ),
        *("rpc", "sandbox"),
    ],
    "authoring": ["course", "diagnosis", "grading", "hashing", "nbgrader_run", "notebook", "release"],
    "batch": [
        *("course", "files", "gradebook", "grading", "hashing", "intake", "nbgrader_run", "notebook", "processes"),
        *("release", "sandbox"),
    ],
    "reporting": [
        *("batch", "course", "diagnosis", "files", "gradebook", "grading", "intake", "kernel", "nbgrader_run"),
        *("notebook", "release"),
    ],
    "lms": ["course", "gradebook", "intake", "nbgrader_run", "reporting"],
    "gradescope": ["course", "files", "grading", "intake", "lms", "release", "reporting"],
    "cli": [
        *("authoring", "batch", "course", "diagnosis", "gradescope", "grading", "intake", "lms", "notebook", "release"),
        *("reporting", "sandbox"),
    ],
    "__main__": ["cli"],
    "__init__": [],
}


def package_of(path: Path) -> str:
    """The package that a file is in, or its own name if it is in none."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The packages of the project that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "autograder":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("autograder.")}
    return found - {package_of(path)}


def test_imports_run_one_way():
    """What a package imports is in its list, and what is in its list it imports."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        found.setdefault(package_of(path), set()).update(imports(path))

    assert {name: sorted(given) for name, given in found.items()} == {
        name: sorted(given) for name, given in MAY_IMPORT.items()
    }


def test_the_list_has_no_cycle():
    """Each entry names only entries before it."""
    names = list(MAY_IMPORT)
    for position, (name, allowed) in enumerate(MAY_IMPORT.items()):
        assert not set(allowed) - set(names[:position]), name


def test_names_are_used_once():
    """Two classes of one name with different meanings would have to be told apart at each use."""
    places: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())

    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_what_students_get_stands_alone():
    """No module beside a notebook imports the grader."""
    root = PACKAGE.parent
    for path in [*root.glob("dnn_lab/**/*.py"), *root.glob("testCases*.py"), root / "dnn_utils.py"]:
        assert "autograder" not in path.read_text(encoding="utf-8"), path
