"""Playing: models that are steered as they sound, at the pace of who listens, from a page on this machine."""
