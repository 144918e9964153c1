"""An act as a Python program that uses httpx."""

from kongadmin.manager.code.acts import Act, token_header
from kongadmin.manager.code.writing import PYTHON, SECRET, Braces

VALUES = Braces(PYTHON, words={None: "None", True: "True", False: "False"}, step="    ")


def write(act: Act) -> str:
    """Return a program that prints the answer."""
    arguments = [PYTHON.of(act.url)]
    if header := token_header(act):
        name, beginning, held = header
        value = f'os.environ["{held}"]'
        value = f'f"{beginning}{{{value}}}"' if beginning else value
        arguments.append(f'headers={{"{name}": {value}}}')
    if act.has_body:
        arguments.append(f"json={VALUES.write(act.sent, '    ')}")
    inside = "".join(f"    {argument},\n" for argument in arguments)
    call = f"answer = httpx.{act.method.lower()}(\n{inside})"
    lines = [call, "answer.raise_for_status()"]
    if act.method != "DELETE":
        lines.append("print(answer.json())")
    needs_os = "os.environ" in call or SECRET.search(call)
    imports = ["import os", "", "import httpx"] if needs_os else ["import httpx"]
    return "\n".join([*imports, "", *lines])


def variable(field: str) -> str:
    """Return how a program leaves a value to its environment."""
    return f'os.environ["{field.upper()}"]'
