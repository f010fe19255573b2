extension Double {
    /// Prometheus' marker for the end of a series: a NaN of its own.
    @inlinable package static var staleMarker: Double { Double(bitPattern: 0x7ff0_0000_0000_0002) }

    /// Compared by its bits, as all other NaN are values.
    @inlinable package var isStaleMarker: Bool { bitPattern == Double.staleMarker.bitPattern }
}
