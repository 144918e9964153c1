"""What a browser would send of a form, before anybody touches it."""

from html.parser import HTMLParser


class Filled(HTMLParser):
    """Reads the form with that id; `values` maps names to the values sent."""

    def __init__(self, page: str, id: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._id, self._is_inside = id, False
        self._area = self._menu = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        name, value = given.get("name", ""), given.get("value")
        if tag == "form":
            self._is_inside = given.get("id") == self._id
        elif tag == "textarea":
            self._area = name
        elif tag == "select":
            self._menu = name
        elif tag == "option" and self._menu and "selected" in given:
            self._send(self._menu, value)
        elif tag == "input" and name:
            is_box = given.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in given:
                self._send(name, "on" if is_box and value is None else value)

    def handle_data(self, data: str) -> None:
        if self._area:
            self._send(self._area, data.removeprefix("\n"))
            self._area = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self._send(self._area, "")
            self._area = ""
        elif tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._menu = ""

    def _send(self, name: str, value: str | None) -> None:
        if self._is_inside:
            self.values.setdefault(name, []).append(value or "")
