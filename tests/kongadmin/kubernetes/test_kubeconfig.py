"""The file that points kubectl here."""

import re
from html import unescape

import yaml
from django.test import Client

from kongadmin.access.models import APIToken
from kongadmin.kubeconfig import kubeconfig

PAGE = "/account/tokens/kubectl"


def shown(text: str) -> dict | None:
    """Return the file that a page shows."""
    found = re.search(r'<pre id="kubeconfig"[^>]*>(.*?)</pre>', text, re.DOTALL)
    return yaml.safe_load(unescape(found[1])) if found else None


def address(file: dict) -> str:
    return file["clusters"][0]["cluster"]["server"]


def test_without_rbac_it_needs_no_token(pages: Client) -> None:
    file = shown(pages.get(PAGE).text)

    assert address(file) == "http://localhost:8001"
    assert file["users"][0]["user"] == {}
    assert file["current-context"] == file["contexts"][0]["name"]
    assert not APIToken.objects.exists()


def test_with_rbac_a_token_is_made_and_shown_once(pages: Client, settings) -> None:
    settings.ENFORCE_RBAC = True
    assert shown(pages.get(PAGE).text) is None

    given = {"name": "my laptop", "role": "editor", "days": "30"}
    answer = pages.post(PAGE, given, follow=True)

    file = shown(answer.text)
    token = re.fullmatch(r"http://kubectl:(kpat_\w+)@localhost:8001", address(file))[1]
    made = APIToken.objects.get()
    assert (made.name, made.role) == ("my laptop", "editor")
    assert APIToken.objects.opened_by(token, "127.0.0.1") == made
    assert 'download="kubeconfig.yaml"' in answer.text
    assert token not in pages.get(PAGE).text


def test_a_token_without_a_name_is_refused(pages: Client, settings) -> None:
    settings.ENFORCE_RBAC = True

    answer = pages.post(PAGE, {"name": "", "role": "editor", "days": "30"})

    assert answer.status_code == 422
    assert not APIToken.objects.exists()


def test_over_https_the_token_is_no_part_of_the_address(settings) -> None:
    settings.IS_HTTPS = True
    settings.ADMIN_GUI_URL = "https://manager.example.com"

    file = yaml.safe_load(kubeconfig("kpat_x"))

    assert address(file) == "https://manager.example.com/admin-api"
    assert file["users"][0]["user"] == {"token": "kpat_x"}
