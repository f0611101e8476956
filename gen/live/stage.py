"""Who plays and who listens: what they ask, one message after the other, and the sound at the pace of the player.

The first who comes plays; who comes then listens, until the player has gone. Sound is made `lead` seconds ahead of what
the player's browser says it has played, and no further: nobody there, or a browser that sleeps, and nothing is made.

A message of sound is a header (the voice's number and the epoch, 16 bit, the place of its first sample in that epoch,
32 bit, all little-endian), then 16-bit samples. An epoch begins where what was made before is to be thrown away. All
else is JSON.
"""

import asyncio
import json
import struct
import time

from gen.base.schema import Number, fault, parse
from gen.live.voice import KEPT
from gen.sampling.timeline import VALUES

HEADER = struct.Struct("<HHI")
LEAD = 0.06  # seconds
LEADS = Number(float, 0.02, 1)
WAITING = 100  # messages for a listener who is slow; then some are left out
LISTENERS = 16  # at a time
MESSAGES = 1000  # of one listener in a second, then they are shown out
LONGEST = 4096  # bytes of a message
COUNT = Number(int, 0, 2**53)
RULES = {  # of what a player may ask
    "start": {"start": bool},
    "set": {"set": COUNT, "id": COUNT, "to": {f"{key}?": rule for key, rule in VALUES.items()}},
    "played": {"played": [COUNT], "epoch": COUNT, "lead": LEADS},
    "back": {"back": Number(float, 0, KEPT)},
    "freeze": {"freeze": bool},
    "keep": {"keep": [COUNT]},
}


def once(say, kind: str):
    """Return a function that says what is wrong with a `kind` of steering, unless that was said last."""
    last = ""

    def complain(text: str):
        nonlocal last
        if text != last:
            say(f"{kind}: {text}")
        last = text

    return complain


class Listener:
    """Someone with the page open, whom what is in `queue` is to be sent, as it is, text or bytes."""

    def __init__(self):
        self.queue: asyncio.Queue = asyncio.Queue(WAITING)
        self.second, self.count = 0, 0

    def put(self, message):
        """Have a message sent, unless too many are waiting."""
        if not self.queue.full():
            self.queue.put_nowait(message)

    def floods(self) -> bool:
        """Count a message that came from here; return whether more came in this second than one can mean."""
        now = int(time.monotonic())
        if now != self.second:
            self.second, self.count = now, 0
        self.count += 1
        return self.count > MESSAGES


class Stage:
    """The voices, and who listens to them; the first of the `listeners` plays. Kept files go to the folder `out`."""

    def __init__(self, voices: list, out: str | None):
        self.voices, self.out = voices, out
        self.listeners: list = []
        self.playing, self.epoch, self.lead = False, 0, LEAD
        self.steered = False  # whether settings were changed by other means than the page since it was told
        self.due = asyncio.Event()

    def join(self) -> Listener | None:
        """Return a new listener, who is told how things stand; None where there is no room."""
        if len(self.listeners) >= LISTENERS:
            return None
        self.listeners.append(Listener())
        self.tell()
        return self.listeners[-1]

    def leave(self, listener):
        """Let a listener go; with the player the sound ends."""
        if listener is self.listeners[0]:
            self.playing = False
        self.listeners.remove(listener)
        self.tell()

    def tell(self):
        """Tell everybody how things stand."""
        now = {
            "playing": self.playing,
            "epoch": self.epoch,
            "frozen": self.voices[0].frozen,
            "listeners": len(self.listeners),
            "load": round(sum(voice.load for voice in self.voices), 4),
            "settings": [voice.settings for voice in self.voices],
            "steered": self.steered,
        }
        self.steered = False
        for listener in self.listeners:
            listener.put(json.dumps({**now, "plays": listener is self.listeners[0]}))

    def hear(self, listener, text):
        """Do what a message of a listener asks; tell them what is wrong with it."""
        try:
            asked = parse(text) if isinstance(text, str) and len(text) <= LONGEST else None
            if not isinstance(asked, dict):
                raise ValueError("this is no message of the page")
            if listener is not self.listeners[0]:
                raise ValueError("another page plays; here one listens")
            self.do(listener, asked)
        except ValueError as error:
            listener.put(json.dumps({"error": str(error)}))

    def do(self, listener, asked: dict):
        """Do what is asked, and answer a listener. Raises ValueError where it isn't as RULES say."""
        name = next((each for each in RULES if each in asked), None)
        if name is None:
            raise ValueError("this is no message of the page")
        if wrong := fault(asked, RULES[name], "message"):
            raise ValueError(wrong)
        getattr(self, f"_{name}")(listener, asked)

    def moved(self):
        """Have the pages follow settings that were changed by other means."""
        self.steered = True
        if not self.playing:
            self.tell()

    def _start(self, _, asked):
        self.playing = asked["start"]
        if self.playing:
            for voice in self.voices:
                voice.begin()
            self._anew()
        self.tell()

    def _anew(self):
        """Begin an epoch: what was made and not yet heard is thrown away."""
        self.epoch = (self.epoch + 1) % 2**16
        self.due.set()

    def _set(self, listener, asked):
        if asked["set"] >= len(self.voices) or set(asked["to"]) - set(VALUES):
            raise ValueError("there is no such voice, or no such setting")
        voice = self.voices[asked["set"]]
        voice.change(asked["to"])
        listener.put(json.dumps({"id": asked["id"], "voice": asked["set"], "from": voice.sent, "epoch": self.epoch}))

    def _played(self, _, asked):
        if len(asked["played"]) != len(self.voices):
            raise ValueError("there are as many voices as were played")
        self.lead = asked["lead"]
        if asked["epoch"] != self.epoch:
            return
        for voice, played in zip(self.voices, asked["played"], strict=True):
            voice.played = min(played, voice.sent)
        self.due.set()

    def _back(self, _, asked):
        for voice in self.voices:
            voice.back(asked["back"])
        self._anew()
        self.tell()

    def _freeze(self, _, asked):
        for voice in self.voices:
            voice.freeze(asked["freeze"])
        self.tell()

    def _keep(self, listener, asked):
        paths = [str(self.voices[number].keep(self.out)) for number in asked["keep"] if number < len(self.voices)]
        listener.put(json.dumps({"kept": paths}))

    async def perform(self):
        """Make sound as it is due, for ever."""
        told = 0.0
        while True:
            await self.due.wait()
            self.due.clear()
            while self.playing and (due := [n for n, voice in enumerate(self.voices) if self.is_due(voice)]):
                try:
                    for number in due:
                        self.send(number)
                except ValueError as error:  # as of a model whose weights are damaged
                    self.playing = False
                    for listener in self.listeners:
                        listener.put(json.dumps({"error": str(error)}))
                await asyncio.sleep(0)
            if time.monotonic() - told > 0.5:
                told = time.monotonic()
                self.tell()

    def is_due(self, voice) -> bool:
        """Return whether a voice is less than the lead ahead of what is heard."""
        return voice.sent - voice.played < self.lead * voice.rate

    def send(self, number: int):
        """Send everybody the next block of a voice."""
        voice = self.voices[number]
        begin = voice.sent % 2**32
        message = HEADER.pack(number, self.epoch, begin) + voice.block()
        for listener in self.listeners:
            listener.put(message)
