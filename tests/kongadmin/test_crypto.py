"""Secrets at rest, and what a second secret key does to them."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection

from consumers.models import KeyAuth
from factories import make_consumer, make_control_plane, make_key
from kongadmin.changes import Change
from kongadmin.conflicts import Conflict
from kongadmin.crypto import Keyring, UnknownSecretKey
from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.models import Event, Object

OLD, NEW = "an-old-key-of-thirty-two-characters", "a-new-key-of-thirty-two-characters"


@pytest.fixture
def use_keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the given secret keys those of the process, newest first."""

    def use(*keys: str) -> None:
        keyring = Keyring(keys)
        monkeypatch.setattr("kongadmin.fields.keyring", keyring)
        monkeypatch.setattr(
            "kongadmin.management.commands.rewrap_secrets.keyring", keyring
        )

    return use


@pytest.mark.parametrize("text", ["", "apikey", "schlüssel 🔑", "x" * 10_000])
def test_what_was_encrypted_is_read_back(text: str) -> None:
    keyring = Keyring([NEW])

    assert keyring.decrypt(keyring.encrypt(text)) == text


def test_the_same_text_is_never_encrypted_alike() -> None:
    keyring = Keyring([NEW])

    assert keyring.encrypt("apikey") != keyring.encrypt("apikey")
    assert b"apikey" not in keyring.encrypt("apikey")


def test_every_key_reads_and_the_newest_writes() -> None:
    old, both, new = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])

    assert both.decrypt(old.encrypt("apikey")) == "apikey"
    assert new.decrypt(both.encrypt("apikey")) == "apikey"
    assert both.digest("apikey") == new.digest("apikey")
    assert both.digests("apikey") == [new.digest("apikey"), old.digest("apikey")]


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_a_text_that_was_tampered_with_is_refused(place: int) -> None:
    keyring = Keyring([NEW])
    stored = bytearray(keyring.encrypt("apikey"))
    stored[place] ^= 1

    with pytest.raises(UnknownSecretKey):
        keyring.decrypt(bytes(stored))


def test_without_its_key_a_text_is_refused() -> None:
    with pytest.raises(UnknownSecretKey):
        Keyring([NEW]).decrypt(Keyring([OLD]).encrypt("apikey"))


def test_a_key_of_an_older_secret_key_is_found_and_shown(db, use_keys) -> None:
    use_keys(OLD)
    made = make_key(make_consumer(), key="apikey")

    use_keys(NEW, OLD)

    found = KeyAuth.objects.by_ref("apikey").get()
    assert (found.pk, found.key) == (made.pk, "apikey")


def test_a_second_key_of_the_same_text_is_refused_under_a_new_secret_key(
    db, use_keys
) -> None:
    use_keys(OLD)
    first = make_key(make_consumer(), key="apikey")
    other = make_key(make_consumer(), key="other")
    use_keys(NEW, OLD)

    with pytest.raises(Conflict) as created:
        make_key(make_consumer(), key="apikey")
    other.key = "apikey"
    with pytest.raises(Conflict) as updated:
        other.save()

    assert created.value.holder == updated.value.holder == first
    assert created.value.values == {"key": "apikey"}


def test_a_key_may_be_written_again_under_a_new_secret_key(db, use_keys) -> None:
    use_keys(OLD)
    made = make_key(make_consumer(), key="apikey")
    use_keys(NEW, OLD)

    made.tags = ["a"]
    made.save()

    use_keys(NEW)
    assert KeyAuth.objects.by_ref("apikey").get().key == "apikey"


def test_an_expired_key_of_an_older_secret_key_makes_way(db, use_keys) -> None:
    use_keys(OLD)
    expired = make_key(make_consumer(), key="apikey", ttl=-1)
    use_keys(NEW, OLD)

    made = make_key(make_consumer(), key="apikey")

    assert KeyAuth.objects.get() == made != expired


def test_rewrapping_lets_the_old_secret_key_go(db, use_keys) -> None:
    use_keys(OLD)
    keys = [make_key(make_consumer(), key=f"apikey-{n}", tags=["a"]) for n in range(3)]
    nameless = make_key(make_consumer(make_control_plane()), key=None)
    use_keys(NEW, OLD)
    make_key(make_consumer(), key="new already")
    before = Change.objects.count()

    call_command("rewrap_secrets", verbosity=0)

    use_keys(NEW)
    for key in keys:
        stored = KeyAuth.objects.by_ref(key.key).get()
        assert (stored.key, stored.tags, stored.etag) == (key.key, ["a"], key.etag)
    assert KeyAuth.objects.get(pk=nameless.pk).key is None
    assert Change.objects.count() == before


def test_rewrapping_reaches_what_kubectl_wrote(db, use_keys) -> None:
    use_keys(OLD)
    with store.writing():
        secret = store.make("secrets", "default", "key", body={"data": {"a": "Yg=="}})
    events = Event.objects.count()
    use_keys(NEW, OLD)

    call_command("rewrap_secrets", verbosity=0)

    use_keys(NEW)
    assert Object.objects.get(pk=secret.pk).body == {"data": {"a": "Yg=="}}
    assert len([event.snapshot for event in Event.objects.all()]) == events


def test_rewrapping_twice_changes_nothing(db, use_keys, capsys) -> None:
    use_keys(OLD)
    make_key(make_consumer(), key="apikey")
    use_keys(NEW, OLD)

    call_command("rewrap_secrets")
    stored = raw_keys()
    call_command("rewrap_secrets")

    assert raw_keys() == stored
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines if line.startswith("key auths")] == [
        "1 rewrapped",
        "0 rewrapped",
    ]


def raw_keys() -> list[tuple[bytes, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, key_digest FROM consumers_keyauth ORDER BY id")
        return [(bytes(key), bytes(digest)) for key, digest in cursor.fetchall()]
