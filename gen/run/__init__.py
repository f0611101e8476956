"""The run folder that training owns: every file name in it, model and resume files, the log."""
