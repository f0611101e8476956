"""The door: the configuration composed, help, an error in a line."""
