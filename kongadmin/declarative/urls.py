from django.urls import path

from kongadmin.declarative import export_views as exports
from kongadmin.declarative import views

app_name = "declarative"

urlpatterns = [
    path("import", views.start, name="start"),
    path("import/history", views.list_imports, name="history"),
    path("import/<uuid:id>", views.show_import, name="show"),
    path("import/<uuid:id>/columns", views.edit_columns, name="columns"),
    path("import/<uuid:id>/choose", views.edit_choice, name="choose"),
    path("import/<uuid:id>/apply", views.edit_apply, name="apply"),
    path("import/<uuid:id>/plan", views.edit_plan, name="plan"),
    path("import/<uuid:id>/cancel", views.edit_cancel, name="cancel"),
    path("import/<uuid:id>/undo", views.edit_undo, name="undo"),
    path("export", exports.export, name="export"),
    path("export/chosen", exports.choose, name="export_chosen"),
]
