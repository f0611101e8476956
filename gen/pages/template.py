"""Pages from the templates beside this file, in which every value is escaped. The only door to `jinja2`."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gen.base import files

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates"), encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def spare(path, maker: str):
    """Raise ValueError if there is a file at `path` that isn't a page of `maker`, such as gen report."""
    files.spare(path, f'<meta name="generator" content="{maker}">')  # as base.html has it


def write(path, maker: str, html: str):
    """Write a page of `maker` to `path`, whole or not at all. Raises ValueError, over another file too."""
    spare(path, maker)
    files.write(path, html.encode(errors="replace"))  # a name may be no UTF-8


def render(name: str, **facts) -> str:
    """Return the template `name` filled with `facts`."""
    return TEMPLATES.get_template(name).render(facts)
