from django.apps import AppConfig


class KubernetesConfig(AppConfig):
    name = "kongadmin.dialects.kubernetes"
    verbose_name = "Kubernetes"
