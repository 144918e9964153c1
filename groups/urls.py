from django.urls import path

from groups import membership_views, views

app_name = "groups"

urlpatterns = [
    path("", views.list_groups, name="list"),
    path("/create", views.new_group, name="new"),
    path("/<str:ref>", views.show_group, name="show"),
    path("/<str:ref>/edit", views.edit_group, name="edit"),
    path("/<str:ref>/delete", views.delete_group, name="delete"),
    path("/<str:ref>/activity", views.show_activity, name="activity"),
    path("/<str:ref>/rate-limiting", views.rate_limiting, name="rate_limiting"),
    path(
        "/<str:ref>/rate-limiting/delete",
        views.delete_override,
        name="delete_override",
    ),
    path("/<str:ref>/consumers", membership_views.show_consumers, name="consumers"),
    path(
        "/<str:ref>/consumers/add",
        membership_views.add_consumers,
        name="add_consumers",
    ),
    path(
        "/<str:ref>/consumers/<uuid:id>/remove",
        membership_views.remove_consumer,
        name="remove_consumer",
    ),
]
