"""The commands. Each imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

try:
    import typer
except ModuleNotFoundError:  # the plain install is for students, who need no commands
    sys.exit("The autograder's commands need its extra `grader`; in the project's folder: pip install '.[grader]'")

app = typer.Typer(
    help="Teaching notebooks for deep neural networks: build them, prove them sound, grade them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would add to the start-up time of every command
)

Assignments = Annotated[list[str] | None, typer.Argument(metavar="[ASSIGNMENT]...", help="Default: all.")]

Isolation = Annotated[
    str | None,
    typer.Option(
        metavar="auto|none", help="Confine the student's code, or not. Default: what the course sets, or auto."
    ),
]

CarryForward = Annotated[
    bool,
    typer.Option(
        "--carry-forward/--no-carry-forward",
        help="Test what needs a wrong function again with the solution's in its place. Without: nbgrader's marks.",
    ),
]


def main() -> None:
    """Run the command line."""
    app()


@app.callback()
def _callback() -> None:
    pass


@app.command()
def build(
    assignments: Assignments = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if what is there differs.")] = False,
    pull: Annotated[bool, typer.Option("--pull", help="First take edits in source/ back into the master.")] = False,
) -> None:
    """Make source/ and release/ from the masters in notebooks/."""
    from autograder.authoring import build as building
    from autograder.course import Course, CourseError
    from autograder.notebook.authoring_errors import AuthoringError, BuildError

    if check and pull:
        raise typer.BadParameter("--check writes nothing and --pull does; give one of them.")
    failed = False
    try:
        course = Course.find()
        for assignment in course.assignments(assignments or ()):
            try:
                if check:
                    for problem in building.drift(assignment):
                        failed = True
                        _error(_relative(problem, course.root))
                    continue
                if pull:
                    for path in building.pull(assignment):
                        typer.echo(f"took edits back into {path.relative_to(course.root)}")
                written = building.build(assignment)
                typer.echo(f"{assignment.name}: wrote {len(written)} files under source/ and release/")
                for remark in building.remarks(assignment):
                    _error(_relative(remark, course.root))
            except (BuildError, AuthoringError) as error:
                failed = True
                for problem in getattr(error, "problems", [error]):
                    _error(_relative(problem, course.root))
    except CourseError as error:
        _usage(error)
    if failed:
        raise typer.Exit(1)
    if check:
        typer.echo("source/ and release/ are what the masters give.")


@app.command()
def validate(assignments: Assignments = None) -> None:
    """Prove that solutions score full marks, and that releases score none and give nothing away."""
    from autograder.authoring.validate import validate as run
    from autograder.cli.tables import validation_table
    from autograder.course import Course, CourseError
    from autograder.grading.grading_errors import GradingError
    from autograder.grading.grading_mode import why_in_one
    from autograder.notebook.authoring_errors import AuthoringError

    failed = False
    try:
        course = Course.find()
        for assignment in course.assignments(assignments or ()):
            try:
                result = run(assignment, progress=partial(_step, assignment.name))
            except (AuthoringError, GradingError) as error:
                failed = True
                _error(_relative(error, course.root))
                continue
            typer.echo(validation_table(assignment.name, result))
            if result.graded.only_in_one:
                typer.echo(why_in_one(assignment.name, result.graded))
            executed = result.executed.relative_to(course.root)
            typer.echo(f"The executed solution: {executed}, and {executed.with_suffix('.html')} to read in a browser")
            for problem in result.problems:
                failed = True
                _error(_relative(problem, course.root))
    except CourseError as error:
        _usage(error)
    if failed:
        raise typer.Exit(1)


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="The notebook to grade.")],
    assignment: Annotated[str | None, typer.Option(help="Whose it is; default: by its name or content.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    isolation: Isolation = None,
    carry_forward: CarryForward = True,
) -> None:
    """Grade one notebook on its own, without a gradebook."""
    import json

    from autograder.course import Course, CourseError
    from autograder.grading.single import check as grade

    try:
        result = grade(Course.find(), notebook, assignment, _isolation(isolation), carry_forward=carry_forward)
    except CourseError as error:
        _usage(error)
    if as_json:
        typer.echo(json.dumps(result))
    elif result["status"] == "graded":
        from autograder.cli.tables import check_table

        typer.echo(check_table(result))
    if result["status"] != "graded":
        if not as_json:
            _error(result["error"])
        raise typer.Exit(1)


@app.command()
def new(assignment: Annotated[str, typer.Argument(help="Its name: small letters, digits, underscores.")]) -> None:
    """Write a new assignment with one exercise, ready to build and to be changed."""
    from autograder.authoring.new import NewError
    from autograder.authoring.new import new as make
    from autograder.course import Course, CourseError

    try:
        course = Course.find()
        for path in make(course, assignment):
            typer.echo(f"wrote {path.relative_to(course.root)}")
    except (CourseError, NewError) as error:
        _usage(error)
    typer.echo(f"Next: autograder build {assignment}, then autograder validate {assignment}.")


@app.command()
def collect(
    assignment: Annotated[str, typer.Argument(help="The assignment that was handed in.")],
    path: Annotated[Path, typer.Argument(help="The folder or zip file that your learning platform exported.")],
    pattern: Annotated[
        str | None, typer.Option(metavar="REGEX", help="Finds the student in a file's path: (?P<student>...).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show what would be done.")] = False,
) -> None:
    """Put what a learning platform exported into submitted/."""
    from autograder.course import Course, CourseError
    from autograder.lms.export_contents import CollectError
    from autograder.lms.into_course import collect as run

    try:
        plan = run(Course.find().assignments([assignment])[0], path, pattern, dry_run=dry_run)
    except CourseError as error:
        _usage(error)
    except CollectError as error:
        _error(str(error))
        raise typer.Exit(1) from error
    from autograder.cli.collect_output import collect_summary

    typer.echo(collect_summary(plan, dry_run))
    if not plan.submissions or plan.unassigned:
        raise typer.Exit(1)


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="The assignment to grade.")],
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be given several times.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Submissions at a time. Default: one per core.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Use the workers of this Dask scheduler, not this machine's.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Examine again what has not changed, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write changes of marks that are there without asking.")] = False,
    isolation: Isolation = None,
    carry_forward: CarryForward = True,
) -> None:
    """Grade what was handed in, into the gradebook; what is graded already and has not changed stays as it is."""
    import importlib.util

    from autograder.batch import prestart
    from autograder.course import Course, CourseError
    from autograder.grading.grading_errors import GradingError
    from autograder.intake.intake_errors import IntakeError
    from autograder.release import BundleError

    if scheduler is not None and workers is not None:
        raise typer.BadParameter("how many workers a scheduler has is not for this command.", param_hint="--workers")
    if scheduler is not None and importlib.util.find_spec("distributed") is None:
        needed = "needs the extra `scale`; in the project's folder: pip install '.[grader,scale]'"
        raise typer.BadParameter(needed, param_hint="--scheduler")
    try:
        course = Course.find()
        name = course.assignments([assignment])[0].name
        count = workers or len(os.sched_getaffinity(0))
        started = prestart.begin(course, name, 0 if scheduler else count, _isolation(isolation))
    except CourseError as error:
        _usage(error)
    from sqlalchemy.exc import DatabaseError

    from autograder.batch.grade import ClassGrading
    from autograder.batch.pool import LocalPool
    from autograder.batch.worker import Job
    from autograder.cli.grade_output import agreed, class_summary, counter

    job = Job(course.root, name, _isolation(isolation), carry_forward)
    if scheduler is not None:
        from autograder.batch.dask_pool import DaskPool
    try:
        with DaskPool(job, scheduler) if scheduler else LocalPool(job, count, started) as pool:
            grading = ClassGrading(job)
            folders = grading.submissions(student or ())
            result = grading.grade(folders, pool, force=force, confirm=agreed(yes), progress=counter)
    except (GradingError, BundleError, IntakeError) as error:
        _error(str(error))
        raise typer.Exit(1) from error
    except DatabaseError as error:
        _error(f"The gradebook cannot be read: {error.orig}. Nothing is lost; run the same command again.")
        raise typer.Exit(1) from error
    typer.echo(class_summary(result))
    if result.failed or not result.written:
        raise typer.Exit(1)


@app.command()
def report(
    assignment: Annotated[str, typer.Argument(help="The assignment that was graded.")],
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to; default: reports/.")] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Name no student, to show it to the class.")] = False,
) -> None:
    """Make a page that shows how the class fared."""
    from autograder.course import Course, CourseError

    try:
        course = Course.find()
        chosen = course.assignments([assignment])[0]
    except CourseError as error:
        _usage(error)
    from autograder.reporting.report_file import make_report
    from autograder.reporting.results import ReportError

    try:
        path = make_report(chosen, output, names=not anonymous)
    except ReportError as error:
        _error(str(error))
        raise typer.Exit(1) from error
    typer.echo(f"The report: {_relative_path(path, course.root)}")


@app.command()
def feedback(
    assignment: Annotated[str, typer.Argument(help="The assignment that was graded.")],
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be given several times.")] = None,
) -> None:
    """Write a page for each student under feedback/."""
    from autograder.course import Course, CourseError

    try:
        chosen = Course.find().assignments([assignment])[0]
    except CourseError as error:
        _usage(error)
    from autograder.reporting.feedback import write_feedback
    from autograder.reporting.results import Archive, ReportError

    try:
        done = write_feedback(Archive(chosen), student or ())
    except ReportError as error:
        _error(str(error))
        raise typer.Exit(1) from error
    for name, why in done.without.items():
        _error(f"{name} has no feedback: {why}")
    typer.echo(f"Feedback for {len(done.students)} students is under feedback/.")
    if done.without or not done.students:
        raise typer.Exit(1)


@app.command()
def export(
    assignment: Annotated[str, typer.Argument(help="The assignment that was graded.")],
    form: Annotated[str, typer.Option("--format", metavar="csv|canvas|gradescope", help="What is to read it.")] = "csv",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; default: under exports/.")] = None,
    column: Annotated[str | None, typer.Option(help="The column's title in Canvas, as its own export has it.")] = None,
) -> None:
    """Write the marks to a file that others read."""
    from autograder.course import Course, CourseError

    if form not in ("csv", "canvas", "gradescope"):
        raise typer.BadParameter(f"{form!r} is not one of csv, canvas and gradescope.", param_hint="--format")
    try:
        course = Course.find()
        chosen = course.assignments([assignment])[0]
    except CourseError as error:
        _usage(error)
    from autograder.lms.export_file import make_export
    from autograder.reporting.results import ReportError

    try:
        path, results = make_export(chosen, form, output, column)
    except ReportError as error:
        _error(str(error))
        raise typer.Exit(1) from error
    for result in results.results:
        if not result.graded:
            _error(f"{result.student} has no marks: {result.error}")
        elif result.needs_manual:
            _error(f"{result.student} waits for marks by hand.")
        elif result.error:
            _error(f"{result.student} has the marks of an earlier submission: {result.error}")
    typer.echo(f"The marks of {len(results.graded)} students: {_relative_path(path, course.root)}")


@app.command()
def gradescope(
    assignment: Annotated[str, typer.Argument(help="An assignment that was generated.")],
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; default: under exports/.")] = None,
    isolation: Isolation = None,
) -> None:
    """Make the zip that Gradescope builds an autograder of."""
    from autograder.course import Course, CourseError
    from autograder.gradescope.package import make_package
    from autograder.grading.grading_errors import GradingError
    from autograder.release import BundleError

    try:
        course = Course.find()
        chosen = course.assignments([assignment])[0]
        content = make_package(chosen, _isolation(isolation))
        path = output or course.root / "exports" / f"{assignment}-autograder.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except CourseError as error:
        _usage(error)
    except (BundleError, GradingError) as error:
        _error(str(error))
        raise typer.Exit(1) from error
    except OSError as error:
        _error(f"{error.filename} cannot be written: {error.strerror}.")
        raise typer.Exit(1) from error
    typer.echo(f"The autograder for Gradescope: {_relative_path(path.absolute(), course.root)}")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what confines a student's code on this machine, found by trying, and what follows from what is missing."""
    import json

    from autograder.sandbox.doctor import diagnose

    reports = diagnose()
    used = next((report for report in reports if report.sound), None)
    if as_json:
        typer.echo(json.dumps({"way": used and used.way, "ways": [report.plain() for report in reports]}))
    else:
        from autograder.cli.tables import doctor_table

        typer.echo(doctor_table(reports))
        _how_graded()
    if used is None:
        raise typer.Exit(1)


@app.command()
def demo(
    students: Annotated[int, typer.Option(min=1, max=500, help="How many simulated students to grade.")] = 12,
) -> None:
    """Grade a simulated class, end to end, in a throw-away course."""
    from autograder.cli.demo import DemoError, run_demo
    from autograder.course import Course, CourseError

    try:
        run_demo(Course.find(), students)
    except CourseError as error:
        _usage(error)
    except DemoError as error:
        _error(str(error))
        raise typer.Exit(1) from error


def _how_graded() -> None:
    """Say how the assignments of the course in this folder are graded, if there is one."""
    from autograder.course import Course, CourseError
    from autograder.grading.grading_mode import how_graded
    from autograder.grading.soundness import last_known

    try:
        folders = sorted(folder for folder in Course.find().bundles.glob("*") if folder.is_dir())
    except CourseError:
        return
    for folder in folders:
        for name, found in last_known(folder).items():
            typer.echo("\n".join(how_graded(name, found)))


def _isolation(given: str | None) -> str | None:
    if given not in (None, "auto", "none"):
        raise typer.BadParameter(f"{given!r} is neither auto nor none.", param_hint="--isolation")
    return given


def _step(assignment: str, step: str) -> None:
    typer.echo(f"{assignment}: {step}")


def _error(text: str) -> None:
    typer.echo(text, err=True)


def _usage(error: Exception) -> NoReturn:
    _error(str(error))
    raise typer.Exit(2)


def _relative_path(path: Path, root: Path) -> Path:
    """Return a path as it looks from the course's folder, if it is in there."""
    return path.relative_to(root) if path.is_relative_to(root) else path


def _relative(problem: Exception | str, root: Path) -> str:
    """Return a message with paths as they look from the course's folder."""
    return str(problem).replace(f"{root}/", "")


if __name__ == "__main__":
    main()
