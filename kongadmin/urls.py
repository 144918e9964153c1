"""The URLconf of the Manager's listener."""

from django.contrib import admin
from django.urls import include, path

from kongadmin.plugins.urls import of_consumers, of_groups

urlpatterns = [
    path("", include("kongadmin.manager.urls")),
    path("consumers", include(of_consumers)),
    path("consumers", include("consumers.urls")),
    path("consumers/<str:ref>/consumer-groups", include("groups.consumer_urls")),
    path("consumer-groups", include(of_groups)),
    path("consumer-groups", include("groups.urls")),
    path("plugins", include("kongadmin.plugins.urls")),
    path("try-a-request", include("kongadmin.explain.urls")),
    path("", include("kongadmin.declarative.urls")),
    path("control-planes", include("realms.plane_urls")),
    path("realms", include("realms.urls")),
    path("", include("kongadmin.access.urls")),
    path("django-admin/", admin.site.urls),
]

handler400 = "kongadmin.manager.pages.bad_request"
handler403 = "kongadmin.manager.pages.forbidden"
handler404 = "kongadmin.manager.pages.not_found"
handler500 = "kongadmin.manager.pages.server_error"
