from django.apps import AppConfig


class KubernetesConfig(AppConfig):
    name = "kongadmin.dialects.kubernetes"
    verbose_name = "Kubernetes"

    def ready(self) -> None:
        from kongadmin.dialects.kubernetes import ownership, reconcile_triggers

        reconcile_triggers.connect()
        ownership.connect()
