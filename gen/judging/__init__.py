"""How good a model is: bits per sample beside trivial predictors; how far its takes are from recordings."""
