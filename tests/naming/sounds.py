"""Small recordings to be named: tones, hisses and buzzes of several players, each with a pitch of its own."""

import numpy as np
import yaml

from gen.sound import audio
from tests.small import CONF

RATE = 8000
KINDS = ("buzz", "hiss", "tone")
PLAYERS = ("anna", "ben", "carl")


def sound(kind, player=0, number=0, seconds=0.3):
    """Return a wave (T,): a sine, white noise or a square wave at the player's pitch."""
    random = np.random.default_rng([KINDS.index(kind), player, number])
    turns = (200 + 60 * player + random.uniform(-9, 9)) * np.arange(round(seconds * RATE)) / RATE
    noise = random.standard_normal(len(turns))
    made = {"tone": np.sin(2 * np.pi * turns), "buzz": np.sign(np.sin(2 * np.pi * turns)), "hiss": noise / 3}[kind]
    return (0.2 * made + 1e-4 * noise).astype(np.float32)


def record(folder, count=4, kinds=KINDS, players=PLAYERS):
    """Write `count` recordings of each kind by each player into `folder`, called tone_anna_0.wav and so on."""
    for kind in kinds:
        for place, player in enumerate(players):
            for number in range(count):
                audio.write(folder / f"{kind}_{player}_{number}.wav", sound(kind, place, number), RATE)
    return folder


def node(name, **changes):
    """Return the node of conf/classifier/<name>.yaml with `changes`, networks small."""
    made = yaml.safe_load((CONF / "classifier" / f"{name}.yaml").read_text())
    small = {"hidden": [12, 8], "epochs": 12, "batch": 8, "learning_rate": 0.02} if "cell" in made else {}
    small |= {"trees": 20} if "trees" in made else {}
    return made | small | changes
