from django.urls import path

from kongadmin.plugins import views

app_name = "plugins"

urlpatterns = [
    path("", views.list_plugins, name="list"),
    path("/<uuid:id>", views.show_plugin, name="show"),
]
