import LivepatchMetrics
import Metrics
import Testing
