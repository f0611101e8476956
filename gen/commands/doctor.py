"""Check that all works on this machine, by a training."""

import sys

GROUP = "This machine"
ARGUMENT = None
HELP = """gen doctor

Check what gen stands on (versions, cores, GPU, folders, audio files), then train a tiny model on a sine, through the
code of every training, and listen through both samplers whether its takes are that sine. One line a check, PASS or FAIL
with what to do; the exit code is 1 if any failed. It takes half a minute.
"""


def run():
    from gen.base import streams, terminal
    from gen.training.doctor import doctor

    passed = True
    with terminal.hushed():
        for check in doctor():
            passed &= check.passed
            told = f"{check.name}: {check.found}"
            streams.show(f"PASS  {told}" if check.passed else f"FAIL  {told}; {check.remedy}")
    sys.exit(not passed)
