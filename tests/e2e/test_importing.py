"""Bringing a document to the Manager, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsing import violations
from servers import Server, ask

DROP = """([form, name, text]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name));
    const given = { dataTransfer: transfer, bubbles: true };
    form.dispatchEvent(new DragEvent("drop", given));
}"""


def deck(*names: str) -> str:
    rows = "".join(f"- username: {name}\n" for name in names)
    return f'_format_version: "3.0"\nconsumers:\n{rows}'


def see_plan(page: Page) -> None:
    page.get_by_role("button", name="See what it would change").click()


def names(server: Server, prefix: str) -> list[str]:
    found = ask(f"{server.admin}/consumers?size=1000").json()["data"]
    called = [consumer["username"] or "" for consumer in found]
    return sorted(name for name in called if name.startswith(prefix))


def test_a_dropped_file_is_planned_applied_and_undone(
    signed_in: Page, server: Server, wait_for_htmx
) -> None:
    page = signed_in
    page.goto("/import")
    form = page.locator("[data-drop]").element_handle()
    text = deck("drop-a", "drop-b", "drop-c")
    page.evaluate(DROP, [form, "dropped.yaml", text])
    expect(page.locator("#dropped")).to_contain_text("dropped.yaml, 1 kB")

    see_plan(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("dropped.yaml")
    taken = page.locator("#taken")
    expect(taken).to_contain_text("3 of 3 steps taken")
    page.get_by_label("drop-b").uncheck()
    expect(taken).to_contain_text("2 of 3 steps taken")
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_text("What was written")).to_be_visible()
    assert names(server, "drop-") == ["drop-a", "drop-c"]
    page.get_by_role("button", name="Undo…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Undo of dropped.yaml")
    expect(page.locator("#taken")).to_contain_text("2 of 2 steps taken")
    page.get_by_role("button", name="Undo it").click()
    expect(page.get_by_text("What was written")).to_be_visible()
    assert names(server, "drop-") == []


def test_a_group_is_left_out_by_one_tick(
    signed_in: Page, server: Server, wait_for_htmx
) -> None:
    page = signed_in
    page.goto("/import")
    page.get_by_label("Or paste it").fill(deck("group-a", "group-b"))
    see_plan(page)
    expect(page.locator("#taken")).to_contain_text("2 of 2 steps taken")

    page.get_by_label("Take all consumers to create").uncheck()
    expect(page.locator("#taken")).to_contain_text("0 of 2 steps taken")
    wait_for_htmx(page)
    expect(page.get_by_label("group-b")).not_to_be_checked()
    expect(page.get_by_label("Take all consumers to create")).to_be_focused()
    page.get_by_label("group-b").check()
    expect(page.locator("#taken")).to_contain_text("1 of 2 steps taken")
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_text("What was written")).to_be_visible()
    assert names(server, "group-") == ["group-b"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "look",
    [
        {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
        {"color_scheme": "dark", "viewport": {"width": 360, "height": 800}},
    ],
    ids=["light-wide", "dark-narrow"],
)
def test_errors_name_their_lines_and_every_step_is_accessible(
    new_page, session, server: Server, look: dict
) -> None:
    page: Page = new_page(storage_state=session, **look)
    width = look["viewport"]["width"]

    def check() -> None:
        assert not violations(page)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")

    page.goto("/export")
    check()
    page.goto("/import")
    check()
    page.get_by_label("Or paste it").fill(f"{deck('axe')}   custom_id: x\n")
    see_plan(page)
    expect(page.get_by_text("Line 4").first).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing was written")).to_be_visible()
    check()

    ask(f"{server.admin}/consumers/axe-old-{width}", "PUT", json={"tags": ["axe"]})
    page.goto("/import")
    page.get_by_label("Or paste it").fill(
        f"{deck(f'axe-{width}', f'axe-{width}')}- username: axe-old-{width}\n"
        f"  custom_id: C-{width}\n"
    )
    see_plan(page)
    expect(page.get_by_text("is declared twice").first).to_be_visible()
    check()
    page.get_by_label("Leave out what is wrong").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("What was written")).to_be_visible()
    check()

    page.goto("/import")
    page.get_by_label("Or paste it").fill("username,mood\nx,y")
    see_plan(page)
    expect(page.get_by_text("What its columns mean")).to_be_visible()
    check()
    page.goto("/import/history")
    check()


def test_all_of_it_works_without_javascript(
    new_page, session, server: Server, tmp_path: Path
) -> None:
    page: Page = new_page(storage_state=session, java_script_enabled=False)
    file = tmp_path / "plain.yaml"
    file.write_text(deck(*(f"plain-{number:02}" for number in range(60))))
    page.goto("/import")

    page.get_by_label("File").set_input_files(file)
    see_plan(page)
    page.get_by_label("plain-00").uncheck()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#taken")).to_contain_text("59 of 60 steps taken")
    page.get_by_label("plain-59").uncheck()
    page.get_by_role("button", name="Apply").click()

    while page.get_by_role("link", name="Refresh").count():
        page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("What was written")).to_be_visible()
    assert len(names(server, "plain-")) == 58


def test_a_long_run_outlives_the_page_and_can_be_cancelled(
    signed_in: Page, server: Server, tmp_path: Path
) -> None:
    page = signed_in
    file = tmp_path / "long.yaml"
    file.write_text(deck(*(f"long-{number}" for number in range(60_000))))
    page.goto("/import")
    page.get_by_label("File").set_input_files(file)

    see_plan(page)
    expect(page.locator("#progress")).to_contain_text("a second")
    page.goto("/import/history")
    expect(page.get_by_text("Being planned")).to_be_visible()
    page.get_by_role("link", name="long.yaml").click()
    assert not violations(page)
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("It was cancelled")).to_be_visible()
    assert names(server, "long-") == []


def test_an_export_is_downloaded(signed_in: Page, server: Server) -> None:
    page = signed_in
    ask(f"{server.admin}/consumers/exported", "PUT", json={})
    ask(f"{server.admin}/consumers/unwanted", "PUT", json={})
    page.goto("/consumers?q=exported")

    page.get_by_label("Choose exported").check()
    page.get_by_role("button", name="Export chosen").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()

    text = Path(waiting.value.path()).read_text()
    assert waiting.value.suggested_filename == "default-deck.yaml"
    assert "username: exported" in text
    assert "unwanted" not in text
