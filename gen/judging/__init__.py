"""How good a model is: bits per sample, trivial predictors beside them, what it has learned by heart."""
