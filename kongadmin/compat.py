"""The Kong that clients are told they speak to, so far as that decides what exists."""

from django.conf import settings

from kongadmin.schema import Edition

EDITION = Edition.of(settings.COMPAT_VERSION)
