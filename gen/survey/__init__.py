"""A folder of recordings looked through before training on it, and what is in each."""
