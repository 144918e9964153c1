"""Every act of the Manager, written in every language."""

import ast
import subprocess
from collections.abc import Iterator

import hcl2
import pytest
import yaml
from django.contrib.auth import get_user_model
from django.test import Client as Session

from clients import Client
from consumers import code as consumers
from consumers.credentials import CREDENTIALS
from consumers.models import BasicAuth, Consumer
from factories import (
    make_consumer,
    make_control_plane,
    make_credential,
    make_group,
    make_plugin,
    make_realm,
)
from groups import code as groups
from kongadmin import listeners
from kongadmin.changes import Change
from kongadmin.manager.code import LANGUAGES, Act, Said, Verb
from kongadmin.plugins import code as plugins
from programs import needs
from realms import code as realms

VALUES = {
    "acl": {"group": "gold"},
    "basic-auth": {"username": "a b", "password": "hush-hush-hush"},
    "hmac-auth": {"username": "a", "secret": "hush-hush-hush"},
    "jwt": {"key": "issuer", "secret": "hush-hush-hush"},
    "key-auth": {"key": "hush-hush-hush"},
    "oauth2": {"name": "app", "client_id": "id", "client_secret": "hush-hush-hush"},
}
VERBS = (Verb.READ, Verb.CREATE, Verb.CHANGE, Verb.DELETE)


def acts() -> Iterator[Act]:
    """Yield what can be done in two control planes, in a realm and with them."""
    elsewhere, realm = make_control_plane(name="team a"), make_realm(name="prod")
    places = [make_consumer(username="alex").scope, elsewhere, realm]
    for scope in places:
        consumer = make_consumer(scope, username="o'neill", tags=["a b"])
        yield consumers.list_of_consumers(scope, "vip")
        for verb in VERBS:
            yield consumers.on_consumer(verb, consumer, scope)
            for kind, values in VALUES.items() if scope is not realm else ():
                held = make_credential(kind, consumer, **values)
                yield consumers.on_credential(
                    verb, consumer, scope, CREDENTIALS[kind], held
                )
                held.delete()
    yield consumers.moving(consumer, realm, str(elsewhere.pk))
    yield from (realms.on_realm(verb, realm) for verb in VERBS)
    yield from (realms.on_plane(verb, elsewhere) for verb in VERBS)
    yield from (realms.list_of(kind) for kind in ("realms", "control_planes"))
    yield from acts_of_groups(places[0])


def acts_of_groups(scope) -> Iterator[Act]:
    member = make_consumer(custom_id="without a username")
    group = make_group(member, name="Gold & more", tags=["tier"])
    redis = {"password": "hush-hush-hush"}
    plugin = make_plugin("rate-limiting", consumer=member, minute=5, redis=redis)
    yield groups.list_of_groups(scope, "tier")
    for verb in VERBS:
        yield groups.on_group(verb, group, scope)
        yield plugins.on_plugin(verb, plugin, scope)
    yield groups.on_override(
        Verb.SET, group, scope, {"limit": [5], "window_size": [60]}
    )
    yield groups.on_override(Verb.DELETE, group, scope)
    for verb in (Verb.LIST, Verb.CREATE, Verb.DELETE):
        yield groups.on_membership(verb, scope, group, member)
        yield groups.on_membership(verb, scope, group, member, is_from_group=False)
    yield plugins.list_of_plugins(scope, group)


def reads_deck(text: str) -> bool:
    if text.startswith("deck gateway dump "):
        return True
    return yaml.safe_load(text)["_format_version"] == "3.0"


def reads_kubectl(text: str) -> bool:
    if text.startswith(("kubectl get ", "kubectl delete ")):
        return True
    manifest = "\n".join(text.splitlines()[1:-1])
    return {"apiVersion", "kind", "metadata"} <= set(yaml.safe_load(manifest))


def reads_terraform(text: str) -> bool:
    if text.startswith("terraform destroy -target="):
        return True
    return "resource" in hcl2.loads(f"{text}\n")


READS = {
    "curl": lambda text: text.startswith("curl "),
    "deck": reads_deck,
    "kubectl": reads_kubectl,
    "terraform": reads_terraform,
    "python": lambda text: bool(ast.parse(text)),
}


def test_each_language_says_each_act_or_why_it_cannot(db) -> None:
    for act in acts():
        for language in LANGUAGES:
            said = Said(language, act, False)
            assert "hush" not in (said.why_not or said.text)
            if said.why_not:
                assert said.why_not.endswith((".", ":", "kongconsumers."))
            else:
                assert READS[language.name](said.text), said.text


@needs("terraform")
def test_terraform_is_written_as_terraform_formats_it(db) -> None:
    [terraform] = [each for each in LANGUAGES if each.name == "terraform"]
    found = [Said(terraform, act, False) for act in acts()]
    blocks = [s.text for s in found if not s.why_not and "resource" in s.text]
    text = "\n\n".join(blocks) + "\n"

    done = subprocess.run(
        ["terraform", "fmt", "-"], input=text, capture_output=True, text=True
    )

    assert done.stdout == text, done.stderr


def said(act: Act) -> dict[str, str]:
    found = {each.name: Said(each, act, False) for each in LANGUAGES}
    return {name: each.why_not or each.text for name, each in found.items()}


def test_another_control_plane_is_named_in_every_language(db) -> None:
    team = make_control_plane(name="team-a")
    consumer = make_consumer(team, username="alex")

    texts = said(consumers.on_consumer(Verb.READ, consumer, team))

    assert "/team-a/consumers/alex" in texts["curl"]
    assert yaml.safe_load(texts["deck"])["_workspace"] == "team-a"
    assert "konnectNamespacedRef:\n      name: team-a" in texts["kubectl"]
    assert 'workspace = "team-a"' in texts["terraform"]


def test_what_kubectl_made_keeps_the_name_of_its_object(db) -> None:
    tags = ["k8s-name:shop", "k8s-namespace:retail", "vip"]
    consumer = make_consumer(username="alex", tags=tags)
    declared = CREDENTIALS["acl"]

    own = said(consumers.on_consumer(Verb.READ, consumer, consumer.scope))
    gone = said(consumers.on_consumer(Verb.DELETE, consumer, consumer.scope))
    group = said(
        consumers.on_credential(
            Verb.CREATE, consumer, consumer.scope, declared, None, {"group": "gold"}
        )
    )

    assert "name: shop\n  namespace: retail" in own["kubectl"]
    assert "tags:\n  - vip\n" in own["kubectl"]
    assert gone["kubectl"] == "kubectl delete kongconsumer shop --namespace retail"
    assert "namespace: retail" in group["kubectl"]
    assert "consumerRef:\n    name: shop" in group["kubectl"]


def test_a_token_is_left_to_a_variable(db, settings) -> None:
    settings.ENFORCE_RBAC = True
    consumer, realm = make_consumer(username="alex"), make_realm(name="prod")

    own = said(consumers.on_consumer(Verb.READ, consumer, consumer.scope))
    konnect = said(realms.on_realm(Verb.READ, realm))

    assert '--header "Kong-Admin-Token: $TOKEN"' in own["curl"]
    assert '--headers "Kong-Admin-Token:$TOKEN"' in own["deck"]
    assert 'headers={"Kong-Admin-Token": os.environ["TOKEN"]}' in own["python"]
    assert '--header "Authorization: Bearer $KONNECT_TOKEN"' in konnect["curl"]
    ast.parse(konnect["python"])


def test_what_a_language_cannot_say_it_says_in_a_sentence(db) -> None:
    texts = said(realms.on_realm(Verb.CREATE, make_realm(name="prod")))

    assert texts["deck"].startswith("A decK file holds what is in one control plane")
    assert texts["kubectl"].startswith("There is no kind of Kubernetes for realms")
    assert 'resource "konnect_realm" "prod"' in texts["terraform"]


# Pages


@pytest.fixture
def manager(db, settings) -> Client:
    session = Session()
    session.force_login(get_user_model().objects.create_superuser("kong_admin"))
    name = settings.SESSION_COOKIE_NAME
    token = "t" * 32
    cookie = f"{name}={session.cookies[name].value}; kongadmin_csrf={token}"
    headers = {"Host": "localhost:8002", "Cookie": cookie, "X-CSRFToken": token}
    return Client(listeners.manager, headers)


PREVIEW = {"preview": "1"}
HTMX = {"HX-Request": "true"}


def test_what_is_typed_is_neither_stored_nor_judged(manager: Client) -> None:
    form = {"username": "", "custom_id": "x\ny", **PREVIEW}

    answer = manager.post("/consumers/create", form=form, headers=HTMX)

    assert answer.status == 200
    assert "'custom_id=x" in answer.text.replace("&#x27;", "'")
    assert 'role="group"' not in answer.text
    assert Consumer.objects.count() == 0


def test_a_secret_is_not_sent_back_even_if_it_came(manager: Client) -> None:
    make_consumer(username="alex")
    form = {"username": "a", "password": "hush-hush", **PREVIEW}
    url = "/consumers/alex/credentials/basic-auth/create"

    answer = manager.post(url, form=form, headers=HTMX)

    assert "PASSWORD" in answer.text
    assert "hush" not in answer.text
    assert BasicAuth.objects.count() == 0


def test_clearing_a_field_is_said_by_a_change(manager: Client) -> None:
    make_consumer(username="alex", custom_id="42", tags=["vip"])
    form = {"username": "alex", "custom_id": "", "tags": "", **PREVIEW}

    page = manager.post("/consumers/alex/edit", form=form, headers=HTMX).text

    assert "--data custom_id=" in page
    assert "--data tags=" in page
    assert "&quot;custom_id&quot;: None" in page


def test_the_language_read_last_is_open(manager: Client) -> None:
    cookie = f"{manager.headers['Cookie']}; kongadmin_code=deck"

    page = manager.get("/consumers/create", headers={"Cookie": cookie})

    assert 'value="deck" data-language checked' in page.text
    assert page.text.count(" checked") == 1


def test_code_with_stored_secrets_is_a_reveal(manager: Client) -> None:
    consumer = make_consumer(username="alex")
    held = make_credential("hmac-auth", consumer, username="a", secret="it's hush")
    base = f"/consumers/alex/credentials/hmac-auth/{held.pk}"
    assert "hush" not in manager.get(f"{base}/edit").text
    assert f'formaction="{base}/reveal"' in manager.get(f"{base}/edit").text

    page = manager.post(f"{base}/reveal").text

    assert "secret: &quot;it&#x27;s hush&quot;" in page
    assert Change.objects.filter(verb="reveal").count() == 1


def test_a_list_leads_to_its_code(manager: Client) -> None:
    make_consumer(username="alex", tags=["vip"])

    page = manager.get("/consumers?tag=vip").text

    assert 'href="?tag=vip&amp;code=1"' in page
    assert "consumers?tags=vip" in manager.get("/consumers?tag=vip&code=1").text


def test_where_a_list_is_empty_an_example_is_there(manager: Client) -> None:
    page = manager.get("/consumers").text

    assert "--data username=alex" in page


@pytest.mark.parametrize(
    "path",
    [
        "/consumers?code=1",
        "/consumers/alex",
        "/consumers/alex/edit",
        "/consumers/alex/delete",
        "/consumers/alex/credentials",
        "/consumers/alex/consumer-groups",
        "/consumers/alex/plugins",
        "/consumer-groups?code=1",
        "/consumer-groups/gold",
        "/consumer-groups/gold/edit",
        "/consumer-groups/gold/delete",
        "/consumer-groups/gold/consumers",
        "/consumer-groups/gold/consumers/add",
        "/consumer-groups/gold/rate-limiting",
        "/plugins?code=1",
        "/plugins/key-auth/create",
        "/control-planes?code=1",
        "/control-planes/create",
        "/control-planes/default",
        "/control-planes/default/edit",
        "/realms?code=1",
        "/realms/create",
        "/realms/prod/edit",
        "/realms/prod/delete",
        "/realms/prod/consumers?code=1",
        "/realms/prod/consumers/create",
    ],
)
def test_the_page_has_its_code(manager: Client, path: str) -> None:
    make_group(make_consumer(username="alex"), name="gold")
    make_consumer(make_realm(name="prod"), username="ariel")
    make_plugin("key-auth")

    page = manager.get(path)

    assert page.status == 200
    assert page.text.count('aria-label="Language"') == 1
    assert page.text.count(" data-language") == len(LANGUAGES)
