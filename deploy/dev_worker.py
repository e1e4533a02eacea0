"""The worker of `make run`: `manage.py qcluster`, stopped in the way that systemd stops it in production.

honcho signals a whole process group at once. Django-Q2's children die of that in the middle of their jobs, and
their parent waits for them for ever. So the cluster gets a group of its own here: its parent alone is asked to
stop, and the rest is killed only if the jobs don't end soon; they are found and tried again at the next start.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import FrameType

PATIENCE_SECONDS = 4  # honcho's own is 5


def main() -> int:
    cluster = subprocess.Popen([sys.executable, "manage.py", "qcluster"], start_new_session=True)

    def stop(signum: int, frame: FrameType | None) -> None:
        signal.alarm(PATIENCE_SECONDS)
        cluster.terminate()

    def kill(signum: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.killpg(cluster.pid, signal.SIGKILL)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGALRM, kill)
    code = cluster.wait()
    kill(signal.SIGKILL, None)  # whoever of them has outlived the parent
    return code


if __name__ == "__main__":
    sys.exit(main())
