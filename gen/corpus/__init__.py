"""A folder of recordings made ready: names and labels, the encoded cache, what is held out, windows, tones."""
