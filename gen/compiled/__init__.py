"""Machine code: the door to numba, and what of a training it computes faster than torch's operations one by one."""
