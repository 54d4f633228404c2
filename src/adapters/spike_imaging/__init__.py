"""Pictures in Pillow, for all adapters that process them: opened safely, upright, in sRGB, and encoded.

This isn't an adapter and implements no port. The engines share it, so that they needn't depend on each other.
"""
