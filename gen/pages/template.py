"""Pages from the templates beside this file, in which every value is escaped. The only door to `jinja2`."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates"), encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, **facts) -> str:
    """Return the template `name` filled with `facts`."""
    return TEMPLATES.get_template(name).render(facts)
