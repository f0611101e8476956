"""Takes from a trained model: the reference sampler, takes and their addresses, sessions, the guard, how fast it is."""
