from django.apps import AppConfig


class ExplainConfig(AppConfig):
    name = "kongadmin.explain"

    def ready(self) -> None:
        from kongadmin.explain import api, konnect

        api.register_explain()
        konnect.register_check()
