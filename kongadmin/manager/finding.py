"""What the address of a page names."""

from django.http import Http404, HttpRequest

from kongadmin import managed
from kongadmin.entities import Entity


def find[T: Entity](
    model: type[T], request: HttpRequest, ref: str, lock: bool = False
) -> T:
    """Return the entity that an address names; 404 page if there is none.

    `lock` keeps others from writing it until the transaction ends.
    """
    rows = model.objects.in_scope(request.scope)
    rows = rows.select_for_update(of=("self",)) if lock else rows
    entity = rows.by_ref(ref).first()
    if entity is None:
        noun = model._meta.verbose_name
        raise Http404(f"There is no {noun} {ref} in {request.scope}.")
    managed.mark([entity])
    return entity
