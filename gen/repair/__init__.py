"""Recordings mended: gaps filled by linear prediction or by a model, whatever lies outside them left as it is."""
