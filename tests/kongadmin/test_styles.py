"""The stylesheet of all pages: written as several files, served as one."""

from django.contrib.staticfiles.finders import get_finders


def test_a_page_asks_for_one_stylesheet_with_all_parts_inside() -> None:
    files = {
        path: storage for finder in get_finders() for path, storage in finder.list(())
    }

    with files["css/manager.css"].open("css/manager.css") as file:
        text = file.read().decode()

    assert "@import" not in text
    parts = [path for path in files if path.startswith("css/manager/")]
    assert len(parts) > 5
    for path in parts:
        with files[path].open(path) as file:
            assert file.read().decode() in text, path
