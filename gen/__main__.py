"""Which command, which exit code."""

import os
import sys

from gen.base.signals import Interrupted
from gen.cli import arguments, help
from gen.cli.errors import one_line


def call(name: str, command, argv: list):
    """Run a command on what stands behind its name."""
    if {"-h", "--help"} & set(argv):
        help.show_help(name, command, [word for word in argv if "=" in word])
        return
    given = arguments.read(name, command, argv)
    if not arguments.has_keys(name):
        if given.overrides:
            raise ValueError(f"{given.overrides[0]}: gen {name} takes no settings")
        command.run(*given.paths)
        return
    from gen.cli import compose  # Hydra takes its time to import

    many, key = command.ARGUMENT.many, command.ARGUMENT.key
    first = [given.paths] if many else [] if key else given.paths
    overrides = given.overrides
    if key and given.paths:
        overrides = [compose.quoted(key, given.paths[0]), *overrides]
    elif key and not any(o.startswith((f"{key}=", f"{key.partition('.')[0]}=")) for o in overrides):
        overrides = [*command.absent(), *overrides]

    def run(composed):
        if hasattr(command, "complete"):
            command.complete(*composed)
        command.run(*first, **composed.settings)

    if given.show:
        print(compose.as_yaml(compose.compose(name, command, overrides)))
    elif given.sweep:
        compose.sweep(name, command, overrides, run)
    else:
        run(compose.compose(name, command, overrides))


def main():
    """Run the command in sys.argv; exit 1 with one line on standard error when the input is wrong."""
    name, *argv = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        help.show_list()
        return
    commands = help.commands()
    if name not in commands:
        sys.exit(f"gen {name}: there is no such command; there are {', '.join(commands)}")
    try:
        call(name, commands[name], argv)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except Interrupted as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(128 + error.number)
    except Exception as error:
        if "GEN_TRACEBACK" in os.environ:
            raise
        sys.exit(one_line(error))


if __name__ == "__main__":
    main()
