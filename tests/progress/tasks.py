"""Tasks for tests: one for each outcome of a job."""

from progress.tasks import TaskError, task

CALLS: list[tuple] = []


@task(label="Counting to {number}")
def count(progress, number=3):
    for _ in progress.track(range(number), stage="Counting", unit="numbers"):
        pass
    return {"counted": number}


@task(label="Failing permanently")
def fail_permanently(progress):
    progress.stage("First stage", total=4)
    progress.advance(1)
    progress.stage("Second stage", total=2, weight=0.5)
    raise TaskError("invalid_file", "This file is invalid. Choose another file.")


@task(label="Failing", max_attempts=3)
def fail(progress):
    CALLS.append(("fail",))
    raise RuntimeError("/secret/path")  # must not reach users


@task(label="Failing once", max_attempts=2)
def fail_once(progress):
    CALLS.append(("fail_once",))
    if len(CALLS) == 1:
        raise RuntimeError("first attempt")


@task(label="Exiting", max_attempts=2)
def exit_process(progress):
    CALLS.append(("exit_process",))
    raise SystemExit(1)


@task(label="Returning a function", max_attempts=2)
def return_unserializable_result(progress):
    CALLS.append(("return_unserializable_result",))
    return lambda: None


not_a_task = len
