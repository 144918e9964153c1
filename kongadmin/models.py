"""The models of the frame itself, for Django to find."""

from kongadmin.changes import Change
from kongadmin.tags import Tag

__all__ = ["Change", "Tag"]
