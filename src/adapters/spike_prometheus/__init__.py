"""Metrics for Prometheus, by its own client library."""

from spike_prometheus.metrics import PrometheusMetrics

__all__ = ["PrometheusMetrics"]
