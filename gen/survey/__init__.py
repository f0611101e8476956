"""A folder of recordings looked through before training on it."""
