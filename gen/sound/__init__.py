"""Waves: files in and out, codecs, features, what one hears in numbers."""
