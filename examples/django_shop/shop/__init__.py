"""A shop of postcards: a Django project whose rows and Spike's are stored together or not at all."""
