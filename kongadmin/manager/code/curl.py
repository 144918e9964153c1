"""An act as a curl command. Forms for the Admin API, JSON for Konnect's, as each likes.

What a variable holds is not text of the command, so no secret breaks its quoting.
"""

import re
from collections.abc import Iterator
from typing import Any

from kongadmin.manager.code.acts import Act, Secret, token_header
from kongadmin.manager.code.writing import JSON, SECRET, SHELL, Braces, secret

JOINED = " \\\n  "
BODY = Braces(JSON, around_secrets='"')
# What may stand in a form as it is.
PLAIN = re.compile(r"[A-Za-z0-9_.~:/@,-]*")


def write(act: Act) -> str:
    """Return a command, one argument a line."""
    url = SHELL.of(act.url)
    first = f"curl {url}" if act.method == "GET" else f"curl -X {act.method} {url}"
    return JOINED.join([first, *_header(act), *_body(act)])


def variable(field: str) -> str:
    """Return how a command leaves a value to the shell."""
    return f'"${field.upper()}"'


def _header(act: Act) -> Iterator[str]:
    if header := token_header(act):
        name, beginning, held = header
        yield f'--header "{name}: {beginning}${held}"'


def _body(act: Act) -> Iterator[str]:
    if not act.has_body:
        return
    if act.is_konnect:
        yield f"--json {_in_shell(BODY.write(act.sent))}"
    else:
        yield from (_argument(*pair) for pair in pairs_of("", act.sent))


def _in_shell(json: str) -> str:
    """Return JSON between the marks of the shell, its variables outside of them."""
    inside = json.replace("'", SHELL.escapes["'"])
    return "'" + SECRET.sub("'\0\\1\0'", inside) + "'"


def _argument(name: str, value: Any) -> str:
    if isinstance(value, Secret):
        return f"--data-urlencode {SHELL.of(f'{name}=')}{secret(value, SHELL)}"
    option = "--data" if PLAIN.fullmatch(value) else "--data-urlencode"
    return f"{option} {SHELL.of(f'{name}={value}')}"


def pairs_of(name: str, value: Any) -> Iterator[tuple[str, str | Secret]]:
    """Return the form arguments that a value needs, as the Admin API reads them."""
    match value:
        case None | []:
            yield name, ""
        case dict():
            for key, each in value.items():
                yield from pairs_of(f"{name}.{key}" if name else key, each)
        case list():
            for number, each in enumerate(value, 1):
                place = f"[{number}]" if isinstance(each, dict) else "[]"
                yield from pairs_of(f"{name}{place}", each)
        case Secret():
            yield name, value
        case bool():
            yield name, str(value).lower()
        case _:
            yield name, str(value)
