"""Filters about plugins. None of them asks the database for what is loaded."""

from django import template

from kongadmin.entities import Entity
from kongadmin.plugins.models import Plugin
from kongadmin.plugins.targets import own_page_of, owner_of, page_of, scope_in_words
from kongadmin.plugins.words import limits_of

register = template.Library()
register.filter("own_page", own_page_of)
register.filter("owner", owner_of)
register.filter("plugins_page", page_of)
register.filter("whom", scope_in_words)


@register.filter
def limits(plugin: Plugin) -> list[str]:
    return limits_of(plugin.name, plugin.config)


@register.filter
def owner_noun(owner: Entity) -> str:
    """Return what an owner is called: consumer, or consumer group."""
    return owner._meta.verbose_name
