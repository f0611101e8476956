"""Steering by a MIDI keyboard at a port of this machine.

The latest key that is held is the pitch, its velocity the loudness under the loudest that a model heard; with no key
held it is as quiet as it goes. The pitch wheel bends.
"""

import asyncio
import contextlib

from gen.live.stage import once
from gen.sound import midi


class Keyboard:
    """What hears messages for a stage. `say` is told what is wrong with them, once until something else is."""

    def __init__(self, stage, say):
        self.stage, self.complain = stage, once(say, "MIDI")
        self.ranges = [voice.facts()["ranges"] for voice in stage.voices]
        self.held: dict[int, int] = {}  # keys and their velocities, the latest last
        self.bend = 0.0  # semitones

    def hear(self, message):
        """Do what a message of mido stands for, if it is of keys or of the pitch wheel."""
        if getattr(message, "channel", midi.DRUMS) == midi.DRUMS:
            return
        if message.type == "note_on" and message.velocity:
            self.held.pop(message.note, None)
            self.held[message.note] = message.velocity
        elif message.type in ("note_on", "note_off"):
            if self.held.pop(message.note, None) is None:
                return
        elif message.type == "pitchwheel":
            self.bend = midi.BEND * message.pitch / 8192
        else:
            return
        self.play()

    def play(self):
        """Have all voices that hear a pitch or a loudness play what is held."""
        for voice, ranges in zip(self.stage.voices, self.ranges, strict=True):
            made = {}
            if self.held and "pitch" in ranges:
                made["pitch"] = f"{midi.hertz([*self.held][-1] + self.bend):.2f}"
            if "loudness" in ranges:
                low, high = ranges["loudness"]
                made["loudness"] = max(low, high + midi.level([*self.held.values()][-1])) if self.held else low
            try:
                voice.change(made)
            except ValueError as error:
                self.complain(str(error))
        self.stage.moved()


@contextlib.asynccontextmanager
async def listening(stage, port, say):
    """Have a stage steered from a port of `gen.sound.midi` inside the block."""
    keyboard, here = Keyboard(stage, say), asyncio.get_running_loop()
    with port:
        port.callback = lambda message: here.call_soon_threadsafe(keyboard.hear, message)
        yield
