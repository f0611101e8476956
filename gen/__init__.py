"""Waveform generation by sample-level RNNs: train on a folder of recordings, generate, listen."""
