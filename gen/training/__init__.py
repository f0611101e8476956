"""The training loop, a step of it, optimizers, previews, the verdict, and a check of it all."""
