"""The form of every plugin, as a browser would send it."""

import pytest
from django.http import QueryDict

from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_group,
    make_plugin,
)
from kongadmin.changes import Change
from kongadmin.plugins.catalogue import plugin_schemas
from kongadmin.plugins.forms import PluginForm
from kongadmin.plugins.models import Plugin, whole_schema
from kongadmin.plugins.words import limits_of

NEEDED = {
    "acl": {"config.allow": "gold"},
    "ip-restriction": {"config.allow": "127.0.0.1"},
    "oauth2": {"config.enable_client_credentials": "on"},
    "rate-limiting": {"config.minute": "5"},
    "rate-limiting-advanced": {"config.limit": "5", "config.window_size": "60"},
    "response-ratelimiting": {
        "config.limits": "0",
        "config.limits.0.@name": "video",
        "config.limits.0.minute": "10",
    },
}
# What is made by chance, and what stands for the row itself.
INCIDENTAL = ("id", "created_at", "updated_at")
MADE = {"oauth2": "provision_key", "rate-limiting-advanced": "namespace"}

pytestmark = pytest.mark.django_db


def new(name: str, **kwargs) -> Plugin:
    return Plugin(scope=default_control_plane(), name=name, **kwargs)


def sent(form: PluginForm, **changes) -> QueryDict:
    """Return what a browser sends of a form that was filled in with `changes`."""
    data = QueryDict(mutable=True)
    for bound in form:
        value = bound.value()
        if bound.name in changes or value in (None, False):
            continue
        data.setlist(bound.name, value if isinstance(value, list) else [value])
        if value is True:
            data[bound.name] = "on"
    for rows in form.groups:
        data.setlist(rows.name, [str(row.number) for row in rows.parts])
    for name, value in changes.items():
        if value is not None:
            data.setlist(name, value if isinstance(value, list) else [value])
    return data


def filled(plugin: Plugin, owner=None, **changes) -> PluginForm:
    """Return the form of a plugin after a person has changed something and sent it."""
    form = PluginForm(instance=plugin, owner=owner)
    return PluginForm(sent(form, **changes), instance=plugin, owner=owner)


def without(values: dict, *names: str) -> dict:
    return {name: value for name, value in values.items() if name not in names}


@pytest.mark.parametrize("name", plugin_schemas())
def test_an_untouched_form_makes_what_the_schema_has_by_default(name: str):
    given = NEEDED.get(name, {})
    form = filled(new(name), **given)

    assert form.is_valid(), form.errors
    made = form.save_or_explain().to_dict()

    default = whole_schema(name).fill({"name": name})
    touched = {field.split(".")[1] for field in given} | {MADE.get(name)}
    assert without(made, "config", *INCIDENTAL) == without(
        default, "config", *INCIDENTAL
    )
    assert without(made["config"], *touched) == without(default["config"], *touched)
    assert made["config"].keys() == default["config"].keys()


@pytest.mark.parametrize("name", plugin_schemas())
def test_saving_an_unchanged_plugin_changes_nothing(name: str):
    plugin = filled(new(name), **NEEDED.get(name, {})).save_or_explain()
    before = plugin.to_dict()
    stored = Plugin.objects.get(pk=plugin.pk)

    form = filled(stored)

    assert form.is_valid(), form.errors
    assert not set(form.changed_data) - {"version"}
    form.save_or_explain()
    after = Plugin.objects.get(pk=plugin.pk).to_dict()
    assert without(after, "updated_at") == without(before, "updated_at")


def test_lists_within_records_stay_as_they_are():
    nodes = [{"host": "one", "port": 1}, {"host": "two", "port": 2}]
    redis = {
        "sentinel_nodes": nodes,
        "sentinel_master": "m",
        "sentinel_role": "any",
    }
    plugin = make_plugin(
        "rate-limiting-advanced", limit=[1], window_size=[60], redis=redis
    )

    assert filled(plugin).changed_data == []
    form = filled(plugin, **{"config.redis.sentinel_nodes.1.port": "3"})

    assert form.is_valid(), form.errors
    stored = form.save_or_explain().config["redis"]["sentinel_nodes"]
    assert stored == [nodes[0], {"host": "two", "port": 3}]


# What is sent


def test_only_what_was_changed_is_laid_over_what_is_stored():
    plugin = make_plugin("rate-limiting", minute=5, redis={"host": "one", "port": 1})

    form = filled(plugin, **{"config.hour": "50", "config.redis.host": "two"})
    assert form.is_valid(), form.errors
    form.save_or_explain()

    assert form.sent == {"config": {"hour": 50, "redis": {"host": "two"}}}
    config = Plugin.objects.get(pk=plugin.pk).config
    assert (config["minute"], config["hour"]) == (5, 50)
    assert (config["redis"]["host"], config["redis"]["port"]) == ("two", 1)
    assert config["redis_host"] == "two"


def test_an_emptied_list_is_empty_and_an_emptied_text_is_nothing():
    plugin = make_plugin(
        "request-transformer", http_method="PUT", add={"headers": ["a:b"]}
    )

    form = filled(plugin, **{"config.add.headers": "", "config.http_method": ""})

    assert form.is_valid(), form.errors
    config = form.save_or_explain().config
    assert (config["add"]["headers"], config["http_method"]) == ([], None)


def test_rows_of_a_list_can_be_changed_added_and_removed():
    nodes = "config.redis.cluster_nodes"
    form = filled(
        new("rate-limiting-advanced"),
        **{"config.limit": "5", "config.window_size": "60", nodes: ["4"]},
        **{f"{nodes}.4.ip": "a.test", f"{nodes}.4.port": "6380"},
    )

    assert form.is_valid(), form.errors
    redis = form.save_or_explain().config["redis"]
    assert redis["cluster_nodes"] == [{"ip": "a.test", "port": 6380}]


def test_a_new_row_has_what_the_schema_gives_it():
    nodes, kind = "config.redis.cluster_nodes", "rate-limiting-advanced"
    data = sent(PluginForm(instance=new(kind)), add=nodes)

    form = PluginForm(data, instance=new(kind))

    assert form[f"{nodes}.0.port"].value() == "6379"


def test_a_row_that_is_asked_for_is_there_and_nothing_is_judged():
    form = PluginForm(instance=new("response-ratelimiting"))
    data = sent(form, add="config.limits")

    form = PluginForm(data, instance=new("response-ratelimiting"))
    form.leave_unjudged()

    [limits] = form.groups
    assert [row.number for row in limits.parts] == [0, 1]
    assert not form.errors


def test_two_rows_of_a_map_cannot_have_one_name():
    needed = NEEDED["response-ratelimiting"]
    form = filled(
        new("response-ratelimiting"),
        **needed,
        **{"config.limits.1.@name": "video", "config.limits.1.minute": "9"},
    )
    data = form.data.copy()
    data.setlist("config.limits", ["0", "1"])
    form = PluginForm(data, instance=new("response-ratelimiting"))

    assert form.non_field_errors() == ["Limits: Two have the same name."]


# Errors


@pytest.mark.parametrize(
    ("name", "changes", "field", "text"),
    [
        ("rate-limiting", {"config.minute": "x"}, "config.minute", "Enter a number."),
        (
            "rate-limiting",
            {"config.minute": "1", "config.policy": "redis"},
            "config.redis.host",
            "This field is required.",
        ),
        (
            "ip-restriction",
            {"config.allow": "127.0.0.1\n300.1.1.1"},
            "config.allow",
            "Invalid ip or cidr range: '300.1.1.1' (line 2).",
        ),
        (
            "response-ratelimiting",
            {**NEEDED["response-ratelimiting"], "config.limits.0.minute": "-1"},
            "config.limits.0.minute",
            "Enter a number above 0.",
        ),
        ("rate-limiting", {"tags": "a/b"}, "tags", "Invalid tag 'a/b'"),
        ("rate-limiting", {"instance_name": "a b"}, "instance_name", "Invalid value"),
    ],
)
def test_an_error_stands_at_the_field_it_is_about(
    name: str, changes: dict, field: str, text: str
):
    form = filled(new(name), **changes)

    assert not form.is_valid()
    assert form[field].errors[0].startswith(text), form.errors


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        (
            "rate-limiting",
            {},
            "Fill in at least one of: Second, Minute, Hour, Day, Month, Year.",
        ),
        ("acl", {}, "Fill in exactly one of: Allow, Deny."),
        (
            "rate-limiting",
            {"config.minute": "5", "config.hour": "1"},
            "The limit for hour(1.0) cannot be lower than the limit for minute(5.0).",
        ),
        (
            "rate-limiting",
            {"config.minute": "5", "config.policy": "redis"},
            "Policy as chosen asks for more: see the marked field.",
        ),
        (
            "oauth2",
            {},
            "Switch on at least one of: Enable authorization code, Enable implicit"
            " grant, Enable client credentials, Enable password grant.",
        ),
    ],
)
def test_a_rule_across_fields_is_said_with_their_labels(
    name: str, changes: dict, text: str
):
    form = filled(new(name), **changes)

    assert form.non_field_errors() == [text]


def test_seldom_used_settings_unfold_when_one_of_them_is_wrong():
    form = filled(
        new("rate-limiting"), **{"config.minute": "1", "config.redis.port": "99999"}
    )

    assert not form.is_valid()
    assert form.is_more_open
    assert not PluginForm(instance=new("rate-limiting")).is_more_open


# Whom it applies to


def test_a_plugin_is_applied_to_a_consumer_by_any_of_its_names():
    alex = make_consumer(username="alex", custom_id="A 1")

    for text in ("alex", "A 1", str(alex.pk)):
        form = filled(
            new("rate-limiting"),
            applies_to="consumer",
            consumer=text,
            **{"config.minute": "5"},
        )
        assert form.is_valid(), form.errors
        assert form.instance.consumer_id == alex.pk


def test_a_consumer_of_another_control_plane_is_unknown():
    make_consumer(make_control_plane(), username="foreign")

    form = filled(new("rate-limiting"), applies_to="consumer", consumer="foreign")

    assert form["consumer"].errors == ["There is no consumer foreign."]


def test_only_what_the_schema_allows_is_offered():
    def offered(name: str) -> list[str]:
        return [t.field for t in PluginForm(instance=new(name)).targets]

    assert offered("key-auth") == []
    assert offered("response-ratelimiting") == ["consumer"]
    assert "consumer" in offered("rate-limiting")


def test_who_holds_the_same_plugin_already_is_named():
    alex = make_consumer(username="alex")
    held = make_plugin("rate-limiting", consumer=alex, minute=1)

    form = filled(new("rate-limiting"), owner=alex, **{"config.minute": "5"})

    assert not form.is_valid()
    assert form.non_field_errors() == [
        "Rate Limiting applies to consumer alex already."
    ]
    assert form.holders == {"": held}


def test_a_taken_instance_name_is_said_at_its_field():
    make_plugin("key-auth")
    held = make_plugin("rate-limiting", minute=1)
    Plugin.objects.filter(pk=held.pk).update(instance_name="tier")
    alex = make_consumer(username="alex")

    form = filled(
        new("rate-limiting"),
        owner=alex,
        instance_name="tier",
        **{"config.minute": "5"},
    )

    assert not form.is_valid()
    assert form["instance_name"].errors == [
        "Rate Limiting for everyone is called so already."
    ]


# Secrets

SECRET = "a-password-for-redis-1"


def test_a_secret_is_never_sent_back_and_stays_when_left_empty():
    plugin = make_plugin("rate-limiting", minute=1, redis={"password": SECRET})

    form = filled(plugin, **{"config.minute": "2"})

    assert SECRET not in str(PluginForm(instance=plugin)["config.redis.password"])
    assert form.is_valid()
    assert form.save_or_explain().config["redis"]["password"] == SECRET


def test_a_secret_can_be_changed_and_removed():
    plugin = make_plugin("rate-limiting", minute=1, redis={"password": SECRET})

    changed = filled(plugin, **{"config.redis.password": "another"})
    assert changed.save_or_explain().config["redis"]["password"] == "another"
    removed = filled(
        Plugin.objects.get(pk=plugin.pk), **{"config.redis.password@remove": "on"}
    )

    assert removed.save_or_explain().config["redis"]["password"] is None


def test_the_change_log_keeps_no_secret_of_a_plugin():
    plugin = make_plugin("rate-limiting", minute=1, redis={"password": SECRET})
    plugin = Plugin.objects.get(pk=plugin.pk)
    plugin.config = {**plugin.config, "redis": {"password": SECRET[::-1]}}
    plugin.save()
    id_, _ = plugin.pk, plugin.delete()

    changes = Change.objects.filter(entity_id=id_)
    texts = [f"{change.before} {change.after}" for change in changes]
    assert len(texts) == 3
    assert not any(SECRET in text or SECRET[::-1] in text for text in texts)


def test_a_secret_that_looks_the_same_masked_is_a_change_all_the_same():
    plugin = make_plugin("rate-limiting", minute=1, redis={"password": "one"})
    plugin = Plugin.objects.get(pk=plugin.pk)

    filled(plugin, **{"config.redis.password": "two"}).save_or_explain()

    change = Change.objects.filter(entity_id=plugin.pk, verb="update").get()
    assert "config" in change.after


# Words


def test_limits_are_said_in_words():
    group = make_group()
    by_period = make_plugin("rate-limiting", second=1, hour=1000)
    by_window = make_plugin(
        "rate-limiting-advanced",
        consumer_group=group,
        limit=[10, 2.5],
        window_size=[60, 90],
    )

    assert limits_of(by_period.name, by_period.config) == [
        "1 request per second and 1,000 per hour, counted by consumer"
    ]
    assert limits_of(by_window.name, by_window.config) == [
        "10 requests per minute and 2.5 per 90 seconds, counted by consumer"
    ]
    assert limits_of("rate-limiting", {"minute": "typing"}) == []


def test_limits_and_windows_are_rows_that_can_be_added_and_removed(admin_client):
    page = "/plugins/rate-limiting-advanced/create"
    data = sent(PluginForm(instance=new("rate-limiting-advanced")))
    data.setlist("config.limit", ["5", "50", ""])
    data.setlist("config.window_size", ["60", "3600", ""])
    rows = dict(data.lists())

    longer = admin_client.post(page, rows | {"add": "config.limit"})
    shorter = admin_client.post(page, rows | {"remove": "config.limit.1"})
    saved = admin_client.post(page, rows)

    assert longer.text.count('name="config.limit"') == 4
    assert 'name="config.limit" value="50"' in shorter.text
    assert 'name="config.limit" value="5"' not in shorter.text
    assert "5 requests per minute" not in shorter.text
    assert "50 requests per hour" in shorter.text
    assert saved.status_code == 303, saved.text
    config = Plugin.objects.get().config
    assert (config["limit"], config["window_size"]) == ([5, 50], [60, 3600])


def test_a_limit_without_a_window_is_refused_and_stays_in_its_row(db):
    form = filled(
        new("rate-limiting-advanced"),
        **{"config.limit": ["5", "", ""], "config.window_size": ["", "", "60"]},
    )

    assert not form.is_valid()
    assert "(line 1)" in form.errors["config.window_size"][0]
    assert "(line 2)" in form.errors["config.limit"][0]
