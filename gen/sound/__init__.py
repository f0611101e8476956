"""Waves: files in and out, codecs, what one hears in numbers."""
