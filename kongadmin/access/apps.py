from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "kongadmin.access"
    verbose_name = "Access"

    def ready(self) -> None:
        from kongadmin.access import konnect

        konnect.register_users()
