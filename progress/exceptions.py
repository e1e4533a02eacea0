"""Exceptions that stop a running task."""


class Interrupted(BaseException):
    """The task must stop. It isn't an Exception, so that `except Exception` in a task doesn't catch it."""


class LostJob(Interrupted):
    """This attempt no longer owns its job: the job was finished, deleted, or claimed by another worker."""


class Cancelled(Interrupted):
    """The job's cancellation was requested."""


class TimeLimit(Interrupted):
    """The task exceeded its time limit."""
