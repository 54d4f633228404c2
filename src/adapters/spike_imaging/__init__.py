"""Pictures in Pillow's hands, for every adapter that works on them: opened with care, upright, in sRGB, encoded.

No adapter itself: it fulfils no port. Engines stand on it, so that they needn't know each other.
"""
