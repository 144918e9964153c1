#!/usr/bin/env python
"""Django's command-line utility for administrative tasks."""

import gc
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kongadmin.settings")
    gc.disable()  # what is loaded stays: looking for garbage in it takes a while
    import django

    django.setup()
    gc.freeze()
    gc.enable()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
