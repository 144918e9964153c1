"""What a decK file says, and what is wrong with one."""

from io import BytesIO

import pytest

from kongadmin.declarative.document import Place, Ref
from kongadmin.declarative.formats import Options, recognise
from kongadmin.dialects.deck.reading import read

from .files import VERSION, document, problem, problems, rows, said


def test_a_file_is_recognised_by_how_it_begins():
    found = recognise(f"# ours\n{VERSION}", "x.yaml")

    assert found
    assert found.name == "deck"


@pytest.mark.parametrize(
    ("beginning", "filename", "name"),
    [
        ('{"_format_version": "3.0"}', "", "deck"),
        ("consumers:\n- username: bob\n", "", "deck"),
        ("consumer\n- username: bob\n", "kong.yaml", "deck"),
        (f"{VERSION}_transform: false\n", "", "dbless"),
        (f"{VERSION}keyauth_credentials:\n- key: a\n", "", "dbless"),
        ("apiVersion: v1\nkind: Secret\n", "kong.yaml", None),
        ("username,key\nbob,k\n", "people.csv", None),
    ],
)
def test_formats_are_told_apart(beginning: str, filename: str, name: str | None):
    found = recognise(beginning, filename)

    assert (found.name if found and found.name in ("deck", "dbless") else None) == name


def test_what_hangs_on_a_consumer_follows_it_and_names_it():
    found = said("""
        consumers:
        - username: bob
          groups:
          - name: gold
          keyauth_credentials:
          - key: k1
            ttl: 60
          plugins:
          - name: rate-limiting
            config: {minute: 5}
    """)

    bob = Ref("consumers", "bob", "username")
    gold = Ref("consumer_groups", "gold", "name")
    assert found == [
        ("consumers", {"username": "bob"}),
        ("consumer_group_consumers", {"consumer": bob, "consumer_group": gold}),
        ("keyauth_credentials", {"key": "k1", "ttl": 60, "consumer": bob}),
        (
            "plugins",
            {"name": "rate-limiting", "config": {"minute": 5}, "consumer": bob},
        ),
    ]


def test_entities_at_the_top_name_their_consumer_by_a_text_or_a_mapping():
    found = said("""
        keyauth_credentials:
        - {key: k1, consumer: bob}
        acls:
        - {group: admin, consumer: {custom_id: "42"}}
        consumer_group_consumers:
        - {consumer: bob, consumer_group: gold}
        consumer_group_plugins:
        - name: rate-limiting-advanced
          consumer_group: gold
          config: {limit: [1], window_size: [60]}
    """)

    bob, gold = Ref("consumers", "bob"), Ref("consumer_groups", "gold")
    config = {"limit": [1], "window_size": [60]}
    assert found == [
        ("keyauth_credentials", {"key": "k1", "consumer": bob}),
        ("acls", {"group": "admin", "consumer": Ref("consumers", "42", "custom_id")}),
        ("consumer_group_consumers", {"consumer": bob, "consumer_group": gold}),
        ("consumer_group_overrides", {"consumer_group": gold, "config": config}),
    ]


def test_every_row_knows_its_place():
    found = rows("consumers:\n- username: bob\n  acls:\n  - group: admin\n")

    assert [row.place for row in found] == [Place(3, 3), Place(5, 5)]


def test_the_head_is_complete_before_rows_are_asked_for():
    found = document("""
        _format_version: "3.0"
        _info:
          select_tags: [blue]
          default_lookup_tags: {consumers: [shared]}
        _transform: false
        _workspace: default
        consumers:
        - username: bob
    """).head

    assert found.select_tags == ("blue",)
    assert found.lookup_tags == {"consumers": ("shared",)}
    assert (found.is_hashed, found.workspace) == (True, "default")


@pytest.mark.parametrize(
    "text",
    [
        "# _transform: false\nconsumers: [{username: bob}]\n",
        "consumers:\n- username: bob\n  tags: [x]\n# _transform: false\n",
        "consumers:\n- username: |-\n    bob\n    _transform: false\n",
        "consumers:\n- username: '\n_transform: false'\n",
        "plugins:\n- name: cors\n  config: {_transform: false}\n",
        '{"_format_version": "3.0", "plugins": [{"config": {"_transform": false}}]}',
        "_transform: true\nconsumers: [{username: bob}]\n",
        "consumers: [{username: bob}]\n_transform: true\n",
        "_ignore: _transform\n",
    ],
)
def test_only_the_key_at_the_top_says_that_passwords_are_digests(text: str):
    content = text if text.startswith("{") else VERSION + text

    assert read(BytesIO(content.encode()), Options()).head.is_hashed is False


@pytest.mark.parametrize(
    "text",
    [
        "consumers:\n- username: bob\n_transform: false\n",
        "consumers: [{username: bob}]\n_transform: FALSE # so it is\n",
        "consumers: [{username: bob}]\n? _transform\n: no\n",
        'consumers: [{username: bob}]\n_transform: ${{ env "DECK_T" | toBool }}\n',
        '{"_format_version": "3.0", "consumers": [{}], "_transform": false}',
    ],
)
def test_it_may_stand_at_the_very_end_and_in_any_spelling(text: str):
    content = text if text.startswith("{") else VERSION + text
    options = Options(environment={"DECK_T": "false"})

    assert read(BytesIO(content.encode()), options).head.is_hashed is True


@pytest.mark.parametrize("version", ["1.1", "2.1"])
def test_an_older_format_is_read_with_a_note(version: str):
    found = document(f'_format_version: "{version}"\nconsumers: []\n')

    assert not list(found.rows)
    assert version in found.head.notes[0]


def test_plugins_share_settings_that_stand_anywhere_in_the_file():
    found = said("""
        plugins:
        - {name: rate-limiting, _config: mild, config: {hour: 20}}
        _plugin_configs:
          mild: {minute: 4, hour: 10}
    """)

    config = {"minute": 4, "hour": 20}
    assert found == [("plugins", {"name": "rate-limiting", "config": config})]


def test_placeholders_are_filled_in_as_deck_does():
    found = said(
        """
        consumers:
        - username: ${{ env "DECK_NAME" }}
          custom_id: "is-${{ env "DECK_NUMBER" }}"
          plugins:
          - name: rate-limiting
            config: {minute: ${{ env "DECK_NUMBER" | toInt }}}
        """,
        DECK_NAME="bob",
        DECK_NUMBER="7",
    )

    assert found[0] == ("consumers", {"username": "bob", "custom_id": "is-7"})
    assert found[1][1]["config"] == {"minute": 7}


def test_a_placeholder_without_a_value_is_named_with_its_line():
    found = problem('consumers:\n- username: ${{ env "DECK_NAME" }}\n')

    assert found.text == "environment variable DECK_NAME is not set"
    assert (found.place, found.line) == (
        Place(3, 13),
        '- username: ${{ env "DECK_NAME" }}',
    )


def test_an_unknown_key_is_named_with_the_nearest_known_one():
    found = problem("consumers:\n- username: bob\n  keyauth_credential: []\n")

    assert found.place == Place(4, 3)
    assert found.hint == "probably meant: keyauth_credentials"


def test_all_that_is_wrong_is_listed():
    found = problems("consumers:\n- usernam: a\n- username: 12\n- custom_id: yes\n")

    assert [each.place for each in found] == [Place(3, 3), Place(4, 3), Place(5, 3)]
    assert "in quotes" in found[1].hint


def test_what_is_not_kept_here_is_refused_unless_the_list_is_empty():
    assert said("services: []\nroutes:\n") == []

    found = problem("services:\n- name: x\n- name: y\n")
    assert found.text == "services are not kept here"
    assert found.place == Place(3, 3)


@pytest.mark.parametrize("reference", ["x", "{id: x}"])
def test_nothing_can_be_for_a_service(reference: str):
    found = problem(f"plugins:\n- name: acl\n  service: {reference}\n")

    assert found.text.startswith("there are no services here")
    assert (found.place, found.hint) == (Place(4, 3), "leave service out")


def test_places_hold_below_a_placeholder_of_several_lines():
    text = """
        consumers:
        - jwt_secrets:
          - rsa_public_key: |
        ${{ env "DECK_PEM" | indent 6 }}
        - custom: x
    """

    found = problem(text, DECK_PEM="one\ntwo\nthree")

    assert (found.place, found.line) == (Place(7, 3), "- custom: x")


def test_a_text_of_several_lines_comes_out_of_the_environment():
    text = """
        consumers:
        - username: bob
          jwt_secrets:
          - rsa_public_key: |
        ${{ env "DECK_PEM" | indent 6 }}
        acls: []
    """

    (_, (_, values)) = said(text, DECK_PEM="one\ntwo")

    assert values["rsa_public_key"] == "one\ntwo\n"


@pytest.mark.parametrize(
    ("placeholder", "text"),
    [
        ('env "NAME"', "must begin with DECK_"),
        ('env "DECK_NONE"', "is not set"),
        ('env "DECK_NAME" | toInt', "is not a number"),
        ('env "DECK_NAME" | toBool', "is neither true nor false"),
        ("range .", "that is not understood"),
    ],
)
def test_what_is_wrong_with_a_placeholder_is_told_without_its_value(placeholder, text):
    content = f"consumers:\n- username: ${{{{ {placeholder} }}}}\n"

    found = problem(content, DECK_NAME="hush")

    assert text in found.text
    assert "hush" not in f"{found} {found.line}"


def test_typed_placeholders_are_what_they_say():
    found = said(
        """
        plugins:
        - name: acl
          enabled: ${{ env "DECK_ON" | toBool }}
          config: {a: ${{ env "DECK_A" | toInt }}, b: ${{ env "DECK_A" | toFloat }}}
        """,
        DECK_ON="T",
        DECK_A="7",
    )

    values = {"name": "acl", "enabled": True, "config": {"a": 7, "b": 7.0}}
    assert found == [("plugins", values)]


def test_groups_have_overrides_where_the_file_says_so():
    text = """
        _info: {consumer_group_policy_overrides: true}
        consumer_groups:
        - name: gold
          plugins:
          - {name: rate-limiting-advanced, config: {limit: [1], window_size: [60]}}
    """

    assert [kind for kind, _ in said(text)] == [
        "consumer_groups",
        "consumer_group_overrides",
    ]
    assert [kind for kind, _ in said(text.replace("true", "false"))] == [
        "consumer_groups",
        "plugins",
    ]


def test_what_konnect_is_told_is_noted_and_left_out():
    found = document(f"{VERSION}_konnect: {{control_plane_name: x}}\nconsumers: []\n")

    assert not list(found.rows)
    assert "_konnect" in found.head.notes[0]
