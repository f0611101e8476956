"""Nothing about sound: files, the terminal, building from a description, the machine, ranks, uniform numbers."""
