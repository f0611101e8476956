"""The models: one family a file, all under the interface and the laws of `gen.models.base`; and their likelihood."""
