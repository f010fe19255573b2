import ChunkCodec
import Testing

/// Samples as two columns, compared bit by bit.
struct Columns: Equatable {
    var timestamps: [Int64] = []
    var values: [Double] = []

    static func == (a: Columns, b: Columns) -> Bool {
        a.timestamps == b.timestamps && a.values.elementsEqual(b.values) { $0.bitPattern == $1.bitPattern }
    }

    func encoded() -> [UInt8] { ChunkCodec.encode(timestamps: timestamps, values: values) }

    init(timestamps: [Int64], values: [Double]) {
        self.timestamps = timestamps
        self.values = values
    }

    init(decoding bytes: [UInt8]) throws(ChunkCorruption) {
        try ChunkCodec.decode(bytes, intoTimestamps: &timestamps, values: &values)
    }
}

/// The corruption that decoding these bytes reports; nil if they decode. Fails the test if the columns were touched.
func corruption(decoding bytes: [UInt8]) -> ChunkCorruption? {
    var columns = Columns(timestamps: [7, 8], values: [1, 2])
    do throws(ChunkCorruption) {
        try ChunkCodec.decode(bytes, intoTimestamps: &columns.timestamps, values: &columns.values)
        return nil
    } catch {
        #expect(columns == Columns(timestamps: [7, 8], values: [1, 2]))
        return error
    }
}
