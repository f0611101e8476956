"""An error as one line for the person."""

from gen.base.streams import plain


def one_line(error) -> str:
    """Return an error as one line that names the thing, the rule, the value and the remedy."""
    text = plain(" ".join(str(error).split()))
    if isinstance(error, ValueError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return plain(f"{error.filename or 'the disk'}: {error.strerror}")
    if "out of memory" in text or "allocate memory" in text or isinstance(error, MemoryError):
        return "the memory is full: try fewer lanes=, a shorter window= or a smaller model"
    return f"{type(error).__name__}: {text}: a defect of gen; please report it with what GEN_TRACEBACK=1 shows"
