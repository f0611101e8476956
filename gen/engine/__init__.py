"""The compiled sampler: any model lowered to a flat program, run by one function of machine code."""
