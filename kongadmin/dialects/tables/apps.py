from django.apps import AppConfig


class TablesConfig(AppConfig):
    name = "kongadmin.dialects.tables"

    def ready(self) -> None:
        from kongadmin.declarative.formats import Format, register
        from kongadmin.dialects.tables.reading import headings, read, recognises
        from kongadmin.dialects.tables.writing import write

        csv = Format("csv", "CSV", "csv", "text/csv", recognises, read, write, headings)
        register(csv)
