"""What Spike is about: tokens, images and jobs, as immutable values and pure functions.

Nothing here does I/O, reads a clock or draws a random number: time and identifiers are arguments.
"""
