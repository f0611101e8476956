"""Steering by Open Sound Control 1.0 (opensoundcontrol.stanford.edu), as a rig sends it over UDP.

The only door to `pythonosc`. An address is a setting or what a button of the page does, /temperature or /2/temperature,
for the second model alone.
"""

import asyncio
import contextlib
import json
import re
import socket

from gen.live.stage import Listener, once
from gen.sampling.timeline import VALUES

try:
    from pythonosc.osc_packet import OscPacket
except ImportError:
    raise ValueError("osc=: steering by OSC needs python-osc; pip install 'gen[osc]'") from None

ADDRESS = re.compile(r"(?:/(\d{1,2}))?/([a-z_]+)", re.ASCII)
TAKES = {  # how many values an address takes: one unless it is here
    "label": (1, 3),
    "pitch": (0, 1),
    "loudness": (0, 1),
    "keep": (0,),
}


def asked(address: str, values: list, count: int) -> list:
    """Return the messages to a stage with `count` voices that an OSC message stands for. Raises ValueError."""
    found = ADDRESS.fullmatch(address)
    key = found[2] if found else ""
    if not found or key not in (*VALUES, "freeze", "back", "keep"):
        raise ValueError(f"{address[:40]}: there are /{', /'.join(VALUES)}, /freeze, /back and /keep")
    if len(values) not in TAKES.get(key, (1,)):
        takes = " or ".join(map(str, TAKES.get(key, (1,))))
        raise ValueError(f"{address}: takes {takes} values, and here are {len(values)}")
    some = [int(found[1]) - 1] if found[1] else range(count)
    if key == "keep":
        return [{"keep": list(some)}]
    if key == "freeze":
        return [{"freeze": bool(values[0])}]
    if key == "back":
        return [{"back": values[0]}]
    return [{"set": number, "id": 0, "to": {key: setting(key, values)}} for number in some]


def setting(key: str, values: list):
    """Return a setting as a stage takes it. Raises ValueError."""
    numbers = [round(value, 6) if isinstance(value, float) else value for value in values]
    if key == "label" and len(values) == 3:
        share = numbers[2]
        if not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError(f"/label: {share} is no share of a mix, 0 to 1")
        return {str(values[0]): round(1 - share, 6), str(values[1]): share}
    if key == "label":
        return str(values[0])
    if key == "pitch" and numbers:
        return str(numbers[0])
    return numbers[0] if numbers else None


class Ear(asyncio.DatagramProtocol):
    """What hears packets for a stage. `say` is told what is wrong with them, once until something else is."""

    def __init__(self, stage, say):
        self.stage, self.say, self.answers, self.complain = stage, say, Listener(), once(say, "OSC")

    def datagram_received(self, data, addr):
        try:
            for message in (timed.message for timed in OscPacket(data).messages):
                for each in asked(message.address, message.params, len(self.stage.voices)):
                    self.stage.do(self.answers, each)
            self.stage.moved()
        except ValueError as error:
            self.complain(str(error))
        except Exception as error:  # pythonosc raises what comes on a damaged packet
            self.complain(f"a packet that can't be read ({type(error).__name__})")
        while not self.answers.queue.empty():
            for path in json.loads(self.answers.queue.get_nowait()).get("kept", []):
                self.say(f"kept as {path}")


def bound(host: str, port: int) -> socket.socket:
    """Return a socket bound to a port. Raises ValueError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.bind(address)
    except OSError as error:
        made.close()
        raise ValueError(f"osc={port}: {error.strerror}; give another port") from None
    return made


@contextlib.asynccontextmanager
async def listening(stage, place: socket.socket, say):
    """Hear packets for a stage at `place`, a socket that is bound, inside the block."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Ear(stage, say), sock=place)
    try:
        yield
    finally:
        transport.close()
