from django.urls import path

from realms import plane_views as views

app_name = "planes"

urlpatterns = [
    path("", views.list_planes, name="list"),
    path("/create", views.new_plane, name="new"),
    path("/<str:ref>", views.show_plane, name="show"),
    path("/<str:ref>/edit", views.edit_plane, name="edit"),
    path("/<str:ref>/delete", views.delete_plane, name="delete"),
    path("/<str:ref>/realms", views.show_realms, name="realms"),
    path("/<str:ref>/activity", views.show_activity, name="activity"),
]
