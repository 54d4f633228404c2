"""Spike's hexagon: the domain, its ports and the services that join them.

Embed it by building a service from `spike_core.services` over adapters of your choice; `spike_memory`
holds every port in memory. The core imports the standard library and attrs, nothing else.
"""
