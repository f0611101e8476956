"""Playing without a page: through the machine's own output. The only door to `sounddevice`."""

import asyncio

import numpy as np

try:
    import sounddevice
except ImportError:
    raise ValueError("out=speaker: this needs sounddevice; pip install 'gen[speaker]'") from None
except OSError:
    raise ValueError("out=speaker: sounddevice finds no PortAudio here; install libportaudio2") from None


def opened(rate: int):
    """Return the machine's output, for 16-bit samples at `rate` Hz. Raises ValueError."""
    try:
        return sounddevice.RawOutputStream(samplerate=rate, channels=1, dtype="int16", latency="low")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise ValueError(f"out=speaker: this machine's output can't be opened ({error}); leave it out") from None


def mixed(blocks: list) -> bytes:
    """Return blocks of 16-bit samples as one, cut off where they are louder than full scale."""
    both = sum(np.frombuffer(block, "<i2").astype(np.int32) for block in blocks)
    return np.clip(both, -32768, 32767).astype("<i2").tobytes()


async def perform(voices: list, output, say):
    """Play voices until it is stopped; then say how often a block came too late."""
    late = 0
    try:
        with output:
            while True:
                block = mixed([voice.block() for voice in voices])
                for voice in voices:
                    voice.played = voice.sent
                late += await asyncio.to_thread(output.write, block)  # waits until there is room
    finally:
        say(f"dropouts: {late}")
