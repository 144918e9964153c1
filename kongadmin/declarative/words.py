"""What people read for the verbs of a plan."""

SIGNS = {"create": "+", "update": "~", "delete": "\N{MINUS SIGN}"}
WORDS = {
    "create": "to be created",
    "update": "to be changed",
    "delete": "to be deleted",
    "conflict": "wrong",
    "unchanged": "unchanged",
}
