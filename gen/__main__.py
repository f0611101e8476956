"""Which command, which exit code."""

import os
import sys

from gen.base import streams
from gen.base.signals import Interrupted
from gen.cli import arguments, help
from gen.cli.errors import one_line


def call(name: str, command, argv: list):
    """Run a command on what stands behind its name."""
    flags = {"-h", "--help"} & set(argv)
    given = arguments.read(name, command, [word for word in argv if word not in flags])
    if flags:
        with streams.output():
            help.show_help(name, command, given.overrides)
        return
    arguments.check_paths(name, command.ARGUMENT, given)
    if not arguments.has_keys(name):
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
        return command.run(*first, **composed.settings)

    if given.show:
        text = compose.as_yaml(compose.compose(name, command, overrides))
        with streams.output():
            print(text)
    elif given.sweep:
        compose.sweep(name, command, overrides, run)
    else:
        run(compose.compose(name, command, overrides))


def command_line(name: str = "--help", *argv):
    """Run the command that a person typed, or list them, and write out what it printed. Raises ValueError."""
    try:
        if name in ("-h", "--help"):
            with streams.output():
                help.show_list()
        elif name in (commands := help.commands()):
            call(name, commands[name], list(argv))
        else:
            raise ValueError(f"gen {name}: there is no such command; there are {', '.join(commands)}")
    finally:
        with streams.output():
            sys.stdout.flush()


def main():
    """Run the command in sys.argv; exit 1 with one line on standard error when the input is wrong."""
    streams.stand_in()
    try:
        command_line(*sys.argv[1:])
    except BrokenPipeError:
        pass  # whoever read our output has gone
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except Interrupted as error:
        sys.stderr.write(f"{streams.plain(error)}\n")
        sys.exit(128 + error.number)
    except Exception as error:
        if "GEN_TRACEBACK" in os.environ:
            raise
        sys.exit(one_line(error))


if __name__ == "__main__":
    main()
