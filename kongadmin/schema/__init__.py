"""Kong's schema language: what an entity's fields are, and every rule about them.

A schema is data (YAML); this package reads it and answers with typed values,
completed values, or what is wrong with them, in Kong's words. It knows nothing of
Django, so the Admin API, the Manager's forms and the decK reader judge alike.
"""

from .definition import Schema, plugin_schema
from .editions import EVERYTHING, Edition
from .json_schema import Translation
from .messages import lua, violation_message
from .reading import read_file
from .values import random_key

__all__ = [
    "EVERYTHING",
    "Edition",
    "Schema",
    "Translation",
    "lua",
    "plugin_schema",
    "random_key",
    "read_file",
    "violation_message",
]
