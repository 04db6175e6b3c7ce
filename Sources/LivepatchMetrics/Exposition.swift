import CoreMetrics

/// The text that Prometheus reads.
public enum Exposition {}
