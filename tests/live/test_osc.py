"""What a rig sends by OSC steers what plays."""

import asyncio
import random
import socket

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from gen.live import osc
from gen.sampling.settings import Settings
from tests.live.test_stage import got, stage  # noqa: F401  a fixture


def packet(address, *values):
    """Return an OSC message as bytes."""
    made = OscMessageBuilder(address)
    for value in values:
        made.add_arg(value)
    return made.build().dgram


@pytest.fixture
def ear(stage):  # noqa: F811
    """Return what hears for a stage whose second voice has neither labels nor curves, and what it has said."""
    made = osc.Ear(stage, lambda text: made.said.append(text))
    made.said = []
    return made


def test_settings_are_changed_for_all_or_for_one(ear):
    first, second = (voice.settings for voice in ear.stage.voices)
    for data in (
        packet("/temperature", 0.8), packet("/2/top_p", 0.9), packet("/1/pitch", 440.5), packet("/1/loudness", -20),
        packet("/1/label", "lo", "hi", 0.25), packet("/1/guidance", 2), packet("/seed", 7),
    ):  # fmt: skip
        ear.datagram_received(data, None)
    assert ear.said == []
    told = {"temperature": 0.8, "pitch": "440.5", "loudness": -20, "label": {"lo": 0.75, "hi": 0.25}}
    assert first == {**told, "guidance": 2, "seed": 7, "top_p": Settings().top_p}
    assert (second["temperature"], second["top_p"], second["seed"]) == (0.8, 0.9, 7)
    for data in (packet("/1/pitch", "C#3"), packet("/1/loudness"), packet("/1/label", "any")):
        ear.datagram_received(data, None)
    assert (first["pitch"], first["loudness"], first["label"]) == ("C#3", None, "any")


def test_a_bundle_is_all_its_messages_and_pages_follow(ear):
    page = ear.stage.join()
    made = OscBundleBuilder(IMMEDIATELY)
    for address, value in (("/temperature", 0.5), ("/top_p", 0.75)):
        one = OscMessageBuilder(address)
        one.add_arg(value)
        made.add_content(one.build())
    got(page)
    ear.datagram_received(made.build().dgram, None)
    (told,) = got(page)
    assert told["steered"]
    assert (told["settings"][0]["temperature"], told["settings"][1]["top_p"]) == (0.5, 0.75)


def test_it_freezes_goes_back_and_keeps(ear):
    for voice in ear.stage.voices:
        for _ in range(10):
            voice.block()
    for address, values, frozen in (("/freeze", [1], True), ("/freeze", [0], False), ("/back", [1.0], False)):
        ear.datagram_received(packet(address, *values), None)
        assert ear.stage.voices[0].frozen == frozen
    assert ear.stage.voices[0].settings["seed"] == 1
    for voice in ear.stage.voices:
        voice.block()
    ear.datagram_received(packet("/2/keep"), None)
    assert len(ear.said) == 1
    assert ear.said[0].startswith("kept as ")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packet("/speed", 1.0), "/speed: there are /seed, /temperature"), (packet("/out", "x"), "/out: there are"),
        (packet("/temperature"), "/temperature: takes 1 values, and here are 0"),
        (packet("/label", "lo", "hi"), "/label: takes 1 or 3 values"), (packet("/temperature", "hot"), "is 'hot'"),
        (packet("/3/temperature", 1.0), "there is no such voice"), (packet("/0/temperature", 1.0), "is -1"),
        (packet("/1/label", "no"), "label=no: this model has no such label"),
        (packet("/2/pitch", 440), "this model is told no curves"),
        (packet("/1/label", "lo", "hi", 2.0), "/label: 2.0 is no share"), (packet("/back", 99.0), "is 99.0"),
        (packet("/1/label", "lo", "hi", "x"), "/label: x is no share"), (b"", "a packet that can't be read"),
        (packet("/temperature", float("nan")), "temperature"), (packet("/x" * 100, 1), "there are"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said_once(ear, data, why):
    before = [dict(voice.settings) for voice in ear.stage.voices]
    for _ in range(3):
        ear.datagram_received(data, None)
    assert len(ear.said) == 1
    assert why in ear.said[0]
    assert "\n" not in ear.said[0]
    assert [voice.settings for voice in ear.stage.voices] == before


def test_rubbish_does_no_harm(ear):
    chance = random.Random(0)
    for _ in range(500):
        data = bytearray(chance.choice([packet("/temperature", 0.8), packet("/1/label", "lo", "hi", 0.25)]))
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        ear.datagram_received(bytes(data), None)
    for data in (b"/temperature\0\0\0\0,f\0\0\0", b"#bundle\0" * 3000, b"#bundle\0" + bytes(60_000)):
        ear.datagram_received(data, None)
    assert ear.stage.voices[0].block()


def test_packets_come_over_udp_and_a_taken_port_is_said(ear):
    place = osc.bound("127.0.0.1", 0)
    port = place.getsockname()[1]
    with pytest.raises(ValueError, match=f"osc={port}: .*; give another port"):
        osc.bound("127.0.0.1", port)

    async def sent():
        async with osc.listening(ear.stage, place, ear.said.append):
            with socket.socket(type=socket.SOCK_DGRAM) as out:
                out.sendto(packet("/temperature", 0.5), ("127.0.0.1", port))
            for _ in range(100):
                await asyncio.sleep(0.01)
                if ear.stage.voices[0].settings["temperature"] == 0.5:
                    return
        raise AssertionError("it never came")

    asyncio.run(sent())
