#!/usr/bin/env python
"""Run the scheduler as a process of its own: one instance, beside any number of web workers."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isp_billing.settings")
    from utils.commandline import set_up

    if code := set_up():
        sys.exit(code)

    from django.core.exceptions import ImproperlyConfigured

    from utils.alarms import dead_man
    from utils.alarms.watch import Watch
    from utils.background_tasks import TIMETABLE, TROUBLES
    from utils.scheduler.supervisor import Supervisor, exit_now

    try:
        pings = dead_man.DeadMan(dead_man.addresses(), TIMETABLE)
    except ImproperlyConfigured as error:
        sys.exit(f"Error: {error}")
    watch = Watch(TROUBLES)
    exit_now(Supervisor(TIMETABLE, on_tick=watch.look, listeners=(pings, watch)).run())


if __name__ == "__main__":
    main()
