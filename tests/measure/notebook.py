"""Run the cells of samples/elman.ipynb in their order, without Jupyter: what they assert must hold.

Run it as `python -m tests.measure.notebook`; it takes under a minute. Needs matplotlib (`pip install '.[plots]'`).
"""

import json
import os
import time
from pathlib import Path

NOTEBOOK = Path(__file__).parent.parent.parent / "samples" / "elman.ipynb"


def main():
    import matplotlib

    matplotlib.use("agg")  # no window
    os.chdir(NOTEBOOK.parent)  # as Jupyter does
    begun, names = time.time(), {"__name__": "__main__"}
    for number, cell in enumerate(json.loads(NOTEBOOK.read_text())["cells"]):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, cell {number}", "exec"), names)
    print(f"{NOTEBOOK.name}: all cells ran in {time.time() - begun:.0f} s")


if __name__ == "__main__":
    main()
