from django.apps import AppConfig


class ExplainConfig(AppConfig):
    name = "kongadmin.explain"

    def ready(self) -> None:
        from kongadmin.explain import konnect

        konnect.register_check()
