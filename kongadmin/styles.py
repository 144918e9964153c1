"""Stylesheets that are written as several files and served as one."""

import re
from pathlib import Path

from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

IMPORT = re.compile(rb'@import "([\w/.-]+)";\n')


class Joining(FileSystemStorage):
    """Files of a folder; a stylesheet comes with what it imports inside of it."""

    def _open(self, name: str, mode: str = "rb") -> File:
        file = super()._open(name, mode)
        if not name.endswith(".css"):
            return file
        beside = Path(name).parent
        with file:
            joined = IMPORT.sub(
                lambda found: self._open(str(beside / found[1].decode())).read(),
                file.read(),
            )
        return ContentFile(joined, name)


class JoiningFinder(FileSystemFinder):
    """Finds the files of STATICFILES_DIRS, so that a page asks for one stylesheet."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.storages = {root: Joining(root) for root in self.storages}
        for prefix, root in self.locations:
            self.storages[root].prefix = prefix
