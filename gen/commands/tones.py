"""Write the embedded corpus of synthetic tones."""

from gen.commands import Argument

GROUP = "Before training"
ARGUMENT = Argument("the folder to write to", "tones")
HELP = """gen tones FOLDER

Write the corpus of synthetic tones that gen train uses without a folder, a sub-folder for each note.
"""


def run(path):
    from gen.corpus import tones

    tones.write(path)
