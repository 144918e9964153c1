"""What kubectl made, in the browser: marked, guarded, and how to get at it."""

from base64 import b64decode

import yaml
from playwright.sync_api import Page, expect

import kubectl
from kubectl import Kubectl
from servers import Server, ask

pytestmark = kubectl.needed()

CONSUMER = """
apiVersion: configuration.konghq.com/v1
kind: KongConsumer
metadata:
  name: declared
  annotations: {kubernetes.io/ingress.class: kong}
username: declared
"""


def test_what_kubectl_applies_is_marked_and_changed_by_kubectl_only(
    signed_in: Page, server: Server, tmp_path
) -> None:
    page = signed_in
    page.goto("/account/tokens/kubectl")
    link = page.get_by_role("link", name="Download").get_attribute("href")
    config = tmp_path / "kubeconfig.yaml"
    config.write_bytes(b64decode(link.partition(",")[2]))
    assert yaml.safe_load(config.read_text())["kind"] == "Config"
    cli = Kubectl(config, tmp_path)

    applied = cli.apply(CONSUMER)
    assert applied == "kongconsumer.configuration.konghq.com/declared created"

    page.goto("/consumers?q=declared")
    row = page.get_by_role("row").filter(has_text="declared")
    expect(row).to_contain_text("kubectl: default/declared")

    page.goto("/consumers/declared")
    expect(page.get_by_text("kubectl: default/declared")).to_be_visible()
    page.get_by_role("link", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("kubectl delete kongconsumer declared -n default")
    dialog.get_by_role("link", name="Back").click()
    expect(dialog).to_be_hidden()

    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "declared is not changed here"
    )
    expect(page.get_by_text("kubectl edit kongconsumer declared")).to_be_visible()

    cli.do("delete", "kongconsumer", "declared")
    assert ask(f"{server.admin}/consumers/declared").status == 404
