from django.urls import path

from kongadmin.plugins import views

app_name = "plugins"

urlpatterns = [
    path("", views.list_plugins, name="list"),
    path("/select", views.select_plugin, name="select"),
    path("/names/<str:field>", views.suggest_names, name="names"),
    path("/<str:name>/create", views.new_plugin, name="new"),
    path("/<uuid:id>", views.show_plugin, name="show"),
    path("/<uuid:id>/edit", views.edit_plugin, name="edit"),
    path("/<uuid:id>/enable", views.switch_plugin, {"enabled": True}, name="enable"),
    path("/<uuid:id>/disable", views.switch_plugin, {"enabled": False}, name="disable"),
    path("/<uuid:id>/delete", views.delete_plugin, name="delete"),
]

# The plugins of one consumer or group stand on a page among that one's own.
of_consumers = (
    [path("/<str:ref>/plugins", views.list_of_consumer, name="list")],
    "consumer_plugins",
)
of_groups = (
    [path("/<str:ref>/plugins", views.list_of_group, name="list")],
    "group_plugins",
)
