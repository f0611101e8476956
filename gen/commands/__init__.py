"""The commands, a file each: its help, its path, its function.

A command's file has HELP; its GROUP in the list of commands; its ARGUMENT; PATHS, the keys whose values are paths;
`run`, whose annotated arguments are the keys; and where they need it `keys`, more functions whose arguments are keys,
`absent`, what holds without the argument, and `complete`, which fills in settings that others decide.
"""

from typing import NamedTuple


class Argument(NamedTuple):
    """What stands behind a command's name: `what` it is and `such` an example, one or `many`.

    It goes to `run` as its first argument, or, where it is another word for a `key`, there.
    """

    what: str
    such: str
    many: bool = False
    optional: bool = False
    key: str | None = None
