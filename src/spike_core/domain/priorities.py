"""Priorities: which jobs never wait for a worker that is busy with longer ones."""

from enum import Enum


class Priority(Enum):
    """Which of the worker queues a job goes to. The values are the queues' names."""

    HIGH = "quick"  # paid enhancements and blends of at most a megapixel
    LOW = "long"  # other paid ones: four or sixteen times the pixels, or a picture made from words
    FREE = "free"  # those at the FREE tier: they share the places of LOW jobs, and come after them
