"""Documents that are brought to the Manager's import, planned and applied at once."""

import re

from django.test import Client

from kongadmin.declarative import jobs
from kongadmin.declarative.models import Import, Status

KEY = "a-key-that-nobody-may-see"
HEAD = '_format_version: "3.0"\n'
DECK = f"""{HEAD}consumers:
- username: alex
  custom_id: "42"
  keyauth_credentials:
  - key: {KEY}
- username: bert
"""


def run(record: Import) -> Import:
    """Do what a thread does once the request has ended."""
    record = Import.objects.select_related("scope", "undoes").get(pk=record.pk)
    if record.status == Status.APPLYING:
        jobs.run(record, jobs.apply_plan)
    else:
        jobs.run(record, jobs.plan_reverse if record.undoes else jobs.plan_document)
    return Import.objects.get(pk=record.pk)


def bring(pages: Client, text: str = "", **given) -> str:
    """Bring a document and have it planned; return the address of its page."""
    answer = pages.post("/import", {"text": text, "mode": "apply", **given})
    assert answer.status_code == 303, answer.text
    run(Import.objects.latest("pk"))
    return answer["Location"]


def apply(pages: Client, page: str, **given) -> str:
    """Apply what is taken; return the text of the page then."""
    answer = pages.post(f"{page}/apply", given)
    if answer.status_code == 303:
        run(Import.objects.get(pk=page.rpartition("/")[2]))
        return pages.get(page).text
    return answer.text


def boxes(text: str, name: str = "shown") -> list[str]:
    return re.findall(f'name="{name}" value="([^"]+)"', text)


def many(count: int) -> str:
    return f"{HEAD}consumers:\n" + "".join(
        f"- username: user-{number:03}\n" for number in range(count)
    )
