"""Nothing about sound: files, the terminal, building from a description, machine, processes, ranks, uniform numbers."""
