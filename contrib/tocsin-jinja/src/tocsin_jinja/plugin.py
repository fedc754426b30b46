"""The entry point: it registers the template language ``jinja``."""

from __future__ import annotations

from tocsin import TemplateLanguageRegistrar, hookimpl
from tocsin_jinja.language import JinjaLanguage

__all__ = ["tocsin_register_template_languages"]


@hookimpl
def tocsin_register_template_languages(registrar: TemplateLanguageRegistrar) -> None:
    """Register ``jinja``."""
    registrar.register("jinja", JinjaLanguage())
