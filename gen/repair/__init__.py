"""Recordings mended, joined and looped, by linear prediction or by a model; all else in them stays as it is."""
