from django.urls import path

from kongadmin.manager import pages

app_name = "manager"

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("search", pages.search, name="search"),
    path("activity", pages.activity, name="activity"),
    path("theme", pages.choose_theme, name="theme"),
]
