"""What Spike does: one frozen class per family of use cases, its fields the ports and policies it needs."""
