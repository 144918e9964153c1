"""Whatever a value holds, each language reads it as it was meant."""

import ast
import io
import json
import os
import re
import shutil
import subprocess

import hcl2
import pytest
import yaml

from kongadmin.declarative.formats import Options
from kongadmin.dialects.deck.reading import read
from kongadmin.manager.code import Secret, deck, kubectl, writing
from kongadmin.manager.code.python import VALUES as PYTHON
from kongadmin.manager.code.terraform import VALUES as HCL
from programs import BUILT, needs

HOSTILE = [
    "plain",
    "",
    "o'neill",
    'say "hello"',
    "two\nlines\r\nand\ttabs",
    "$HOME ${HOME} $(id) `id` \\",
    "$${x} $$${x} %{if true} %%{x} $$ %%",
    '${{ env "X" }}',
    "EOF\nEOF",
    "# no comment: - [a] {b} &c *d !e |f >g",
    "true",
    "No",
    "null",
    "~",
    "1e5",
    "0x1F",
    "2026-11-22",
    " blanks around ",
    "-",
    "Jürgen 日本 🙂 \u2028 \ufeff \x85 \x7f \x1b[31m",
    "</pre><script>alert(1)</script>&amp;",
    "0b1d9a52-5a5b-4a8e-9d3c-1a2b3c4d5e6f",
]
TREE = {"text": HOSTILE, "of": {"a key": "x", "on": [{"n": 1.5, "b": None}]}, "no": []}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_shell_gets_it_as_one_argument(text: str) -> None:
    command = f"printf '%s\\0' {writing.SHELL.of(text)} {writing.SHELL.of(text)}x"

    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)

    assert done.stdout.decode() == f"{text}\0{text}x\0"


@pytest.mark.parametrize("mark", ["EOF", "'EOF'"])
def test_yaml_in_a_here_document_is_the_same_in_every_shell(mark: str) -> None:
    for shell in filter(shutil.which, ("bash", "dash")):
        script = f"cat <<{mark}\n{writing.yaml(TREE)}\nEOF\n"

        done = subprocess.run([shell, "-c", script], capture_output=True, check=True)

        assert yaml.safe_load(done.stdout.decode()) == TREE


@needs("jq")
@pytest.mark.parametrize("text", HOSTILE)
def test_a_manifest_takes_a_secret_from_the_shell_whatever_it_is(text: str) -> None:
    # YAML ends lines at these too; no jq has an escape for them.
    text = re.sub("[\x85\u2028]", "", text)
    script = f"cat <<EOF\nsecret: {kubectl.variable('password')}\nEOF\n"

    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        check=True,
        env={**os.environ, "PASSWORD": text},
    )

    assert yaml.safe_load(done.stdout.decode()) == {"secret": text}


SECRETS = {f"DECK_S{number}": text for number, text in enumerate(HOSTILE)}
STATE = '_format_version: "3.0"\n' + "".join(
    f"consumers:\n- username: {deck.variable('s0')}\n  custom_id: a\n  tags:\n"
    if not number
    else f"  - {deck.variable(f's{number}')}\n"
    for number in range(len(HOSTILE))
)


def test_a_deck_file_takes_a_secret_from_the_environment_whatever_it_is() -> None:
    [bob] = read(io.BytesIO(STATE.encode()), Options(environment=SECRETS)).rows

    assert [bob.values["username"], *bob.values["tags"]] == HOSTILE


@needs("deck")
def test_deck_itself_takes_it_as_it_is(tmp_path) -> None:
    (tmp_path / "kong.yaml").write_text(STATE)

    options = ("--populate-env-vars", "--format=json")
    done = subprocess.run(
        [BUILT["deck"], "file", "render", "kong.yaml", *options],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, **SECRETS},
    )

    assert done.returncode == 0, done.stderr
    [bob] = json.loads(done.stdout)["consumers"]
    assert [bob["username"], *bob["tags"]] == HOSTILE


def test_yaml_has_nothing_that_a_template_of_deck_would_replace() -> None:
    assert "${{" not in writing.yaml({"a": HOSTILE})


def test_python_reads_the_tree_as_it_was() -> None:
    assert ast.literal_eval(PYTHON.write(TREE)) == TREE


def test_json_reads_the_tree_as_it_was() -> None:
    assert json.loads(writing.Braces(writing.JSON).write(TREE)) == TREE


def test_hcl_is_read_and_begins_no_template() -> None:
    document = hcl2.loads(f"x = {HCL.write(TREE)}\n")

    assert re.search(r"(?<!\$)(?:\$\$)*\$\{", HCL.write(HOSTILE)) is None
    assert set(document["x"]) >= {"text", "of", "no"}


@needs("terraform")
def test_terraform_reads_each_text_as_it_was(tmp_path) -> None:
    expressions = f"jsonencode({HCL.write(HOSTILE).replace(chr(10), '')})\n"

    done = subprocess.run(
        ["terraform", "console"],
        input=expressions,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(ast.literal_eval(done.stdout.strip())) == HOSTILE


def test_the_script_of_the_page_can_follow_each_rule() -> None:
    for rule in (writing.SHELL, writing.YAML, writing.HCL, writing.PYTHON):
        data = json.loads(json.dumps(rule.as_data))

        assert data["pattern"] == rule.pattern
        assert set(data) == {"mark", "escapes", "plain", "pattern"}


@pytest.mark.parametrize("field", ["x';id;'", "$(id)", "0-day", "config.redis.pass-1"])
def test_a_variable_is_a_name_whatever_its_field_is_called(field: str) -> None:
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", Secret(field).variable)


def test_a_secret_is_only_written_when_it_is_told() -> None:
    tree = {"password": Secret("password"), "key": Secret("key", told="it's")}

    text = writing.yaml(tree)

    assert text == 'password: \0password\0\nkey: "it\'s"'
