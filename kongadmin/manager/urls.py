from django.urls import path

from kongadmin.manager import pages, reference

app_name = "manager"

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("search", pages.search, name="search"),
    path("activity", pages.activity, name="activity"),
    path("api-reference", reference.show_index, name="reference"),
    path("api-reference/<str:name>", reference.show_chapter, name="reference"),
    path("theme", pages.choose_theme, name="theme"),
]
