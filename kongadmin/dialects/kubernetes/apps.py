from django.apps import AppConfig


class KubernetesConfig(AppConfig):
    name = "kongadmin.dialects.kubernetes"
    verbose_name = "Kubernetes"

    def ready(self) -> None:
        from kongadmin.dialects.kubernetes import reconcile_triggers

        reconcile_triggers.connect()
