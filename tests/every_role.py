"""Every role, for tests of whom pages and routes let in.

No database changes that; that each opens on both, one role shows.
"""

import pytest

from kongadmin.access.roles import ROLES

EVERY_ROLE = [
    "super-admin",
    *(
        pytest.param(role, marks=pytest.mark.one_database)
        for role in ["", *ROLES]
        if role != "super-admin"
    ),
]
