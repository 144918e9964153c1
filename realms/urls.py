from django.urls import path

from realms import views

app_name = "realms"

# What is in a realm has its pages below the realm's address: realms.places.
urlpatterns = [
    path("", views.list_realms, name="list"),
    path("/create", views.new_realm, name="new"),
    path("/<str:ref>", views.show_realm, name="show"),
    path("/<str:ref>/edit", views.edit_realm, name="edit"),
    path("/<str:ref>/delete", views.delete_realm, name="delete"),
    path("/<str:ref>/control-planes", views.show_planes, name="planes"),
    path("/<str:ref>/consumer-groups", views.show_groups, name="groups"),
    path("/<str:ref>/cache", views.show_cache, name="cache"),
    path("/<str:ref>/cache/purge", views.purge_cache, name="purge_cache"),
]
