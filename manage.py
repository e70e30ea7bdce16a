#!/usr/bin/env python
"""Django's command line for the ISP billing system."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isp_billing.settings")
    from utils.commandline import run

    sys.exit(run(sys.argv))


if __name__ == "__main__":
    main()
