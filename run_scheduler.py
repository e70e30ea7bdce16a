#!/usr/bin/env python
"""Run the scheduler as a process of its own: one instance, beside any number of web workers."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isp_billing.settings")
    from utils.commandline import set_up

    if code := set_up():
        sys.exit(code)

    from utils.background_tasks import TIMETABLE
    from utils.scheduler.supervisor import Supervisor, exit_now

    exit_now(Supervisor(TIMETABLE).run())


if __name__ == "__main__":
    main()
