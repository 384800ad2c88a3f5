"""Grade submissions: recompute each report, compare it with the key, and compare all reports with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from reportgen import disk
from reportgen.analysis.words.foreign import printable
from reportgen.audit.verify import Verification, verify_report
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import MissingError, ReportgenError
from reportgen.languages.translate import N_, in_language
from reportgen.paths import RUNS
from reportgen.report.document.claim_view import claim_views
from reportgen.report.site.finished import Results, read_results
from reportgen.runs.store import HEAD
from reportgen.study.planning.plan import Plan
from reportgen.teaching.copied import with_copies
from reportgen.teaching.counted import one_for_each_owner, owners_of
from reportgen.teaching.grades import Grade, Problem, ProblemName
from reportgen.teaching.key import Key
from reportgen.teaching.points import items_of
from reportgen.teaching.retrain import forged_runs
from reportgen.teaching.same_study import changes, other_data
from reportgen.teaching.submissions import Submission, find_submissions, paths_outside

SHOWN = 3  # differences and changes that a problem quotes


def grade_folders(folders: Iterable[str | Path], key: Key, say: Callable[[str], None], retrain: int = 0) -> list[Grade]:
    """Return the grade of each submission.

    Parameters
    ----------
    say : is called with a line before each submission.
    retrain : number of runs of each report without problems to train again.

    Raises
    ------
    UsageError : a folder does not exist.
    """
    submissions = find_submissions(folders)
    grades: list[Grade] = []
    owners: list[str] = []
    for number, submission in enumerate(submissions, 1):
        say(f"[{number}/{len(submissions)}] {printable(str(submission.folder), None)}")
        found = _grades(submission, key, retrain)
        grades += found
        owners += owners_of(found, submission.folder)
    return one_for_each_owner(with_copies(grades), owners)


def _grades(submission: Submission, key: Key, retrain: int) -> list[Grade]:
    """Return the grade of each report of a submission, without a comparison with others."""
    name = submission.folder.resolve().name
    if not submission.reports:
        return [_refused(name, submission.folder, key, Problem("no-report", N_("the folder contains no report")))]
    return [_grade(report, name, key, retrain) for report in submission.reports]


def _grade(report: Path, name: str, key: Key, retrain: int) -> Grade:
    """Return the grade of a report; name: that of the folder that was handed in."""
    try:
        if outside := paths_outside(report):
            problem = Problem("no-data", N_("the report does not contain {files}").format(files=", ".join(outside)))
            return _refused(name, report, key, problem)
        return _grade_report(report, name, key, retrain)
    except MissingError as error:
        problem = Problem("not-here", N_("the machine that graded the report does not have its data"), error.message)
        return _refused(name, report, key, problem)
    except ReportgenError as error:
        kind: ProblemName = "other-engine" if error.code == "engine-mismatch" else "not-readable"
        return _refused(name, report, key, Problem(kind, error.message, f"{error.code}, {error.where}"))
    except Exception as error:  # a report that somebody edited may fail anywhere, and must not stop the others
        problem = Problem("not-readable", N_("the report is damaged"), f"{type(error).__name__}: {error}")
        return _refused(name, report, key, problem)


def _refused(student: str, folder: Path, key: Key, problem: Problem) -> Grade:
    return Grade(student, folder, (problem,), items_of(key, None))


def _grade_report(folder: Path, name: str, key: Key, retrain: int) -> Grade:
    results = read_results(folder, unchanged=False)  # every value is recomputed
    verification = verify_report(folder, captions=False)
    plan, analysis = verification.plan, verification.analysis
    problems = list(_problems(results, verification, key))
    forged = forged_runs(folder, plan, retrain) if retrain and not problems else []
    if forged:
        problems.append(Problem("not-reproduced", N_("training again gives other results"), "; ".join(forged)))
    with in_language(key.lang):
        claims = claim_views(analysis) if analysis else ()
    return Grade(
        student=plan.study.student or name,
        folder=folder,
        problems=tuple(problems),
        items=items_of(key, analysis),
        claims=claims,
        seeds=frozenset(run.seed for run in results.runs),
        digests=_digests(folder, results),
        plan=plan,
        trained=results.provenance.finished or "",
    )


def _problems(results: Results, verification: Verification, key: Key) -> Iterator[Problem]:
    plan = verification.plan
    study = plan.study
    if study.watermark or results.study.watermark:
        yield Problem("quick", N_("the report is a quick look without verdicts"))
    yield from _other_study(plan, key)
    if key.engine != ENGINE_VERSION:
        message = N_("the key was made with engine version {key}, and this reportgen has {own}")
        yield Problem("other-engine", message.format(key=key.engine, own=ENGINE_VERSION))
    if study.student is None:
        yield Problem("no-student", N_("the study names no student (student: ...)"))
    elif not {run.seed for run in results.runs} <= set(study.seeds):
        text = N_("the runs do not have the seeds of student {student}")
        yield Problem("other-seeds", text.format(student=repr(study.student)))
        return  # every record then differs from the ones of the study
    if verification.differences:
        count = len(verification.differences)
        text = (
            N_("one difference from the records of the runs")
            if count == 1
            else N_("{count} differences from the records of the runs")
        )
        shown = "; ".join(difference.text for difference in verification.differences[:SHOWN])
        yield Problem("differs", text.format(count=count), shown)


def _other_study(plan: Plan, key: Key) -> Iterator[Problem]:
    """Yield the problems of a study, or of data, that are not those of the assignment."""
    study = plan.study
    if not {claim.id for claim in key.claims} & {claim.id for claim in study.claims}:
        text = N_("the report is of {study}, and the assignment is {assignment}")
        yield Problem("other-study", text.format(study=repr(study.title), assignment=repr(key.title)))
        return
    found = list(changes(study, key))
    if found:
        more = [N_("further changes: {count}").format(count=len(found) - SHOWN)] if len(found) > SHOWN else []
        yield Problem("changed", "; ".join([*found[:SHOWN], *more]))
    if other_data(study, key):
        yield Problem("other-data", N_("the data are not those of the assignment"))


def _digests(folder: Path, results: Results) -> tuple[str, ...]:
    """Return the checksum of the arrays of each run of a report."""
    heads = (disk.read_json(folder / RUNS / key / HEAD) for key in sorted({run.key for run in results.runs}))
    return tuple(str(head["arrays_sha256"]) for head in heads if "arrays_sha256" in head)
