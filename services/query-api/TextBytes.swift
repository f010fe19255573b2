import NIOCore

/// Text under construction, as UTF-8 in one stretch of memory that grows: what answers are written into, byte by byte,
/// without a check per byte. This is the module's one file with pointers.
///
/// Invariant: `count <= capacity`, the bytes below `count` are initialised, and the memory is this value's own.
struct TextBytes: ~Copyable {
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 4096) {
        self.capacity = max(64, capacity)
        memory = .allocate(capacity: self.capacity)
    }

    deinit { memory.deallocate() }

    mutating func removeAll() { count = 0 }

    /// A copy in the form that responses take.
    borrowing func buffer() -> ByteBuffer {
        ByteBuffer(bytes: UnsafeBufferPointer(start: memory, count: count))
    }

    var array: [UInt8] { Array(UnsafeBufferPointer(start: memory, count: count)) }

    // MARK: Bytes

    /// Room for `length` bytes more.
    @inline(__always)
    mutating func reserve(_ length: Int) {
        if capacity - count < length { grow(length) }
    }

    @inline(never)
    private mutating func grow(_ length: Int) {
        let wanted = max(count + length, capacity * 2)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        larger.update(from: memory, count: count)
        memory.deallocate()
        memory = larger
        capacity = wanted
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        appendReserved(byte)
    }

    /// Within what was reserved.
    @inline(__always)
    private mutating func appendReserved(_ byte: UInt8) {
        memory[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory + count).update(from: start, count: bytes.count)
        count += bytes.count
    }

    // MARK: Strings

    /// A JSON string with its quotation marks (RFC 8259, section 7).
    mutating func append(quoted text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserve(bytes.count + 2)
            appendReserved(UInt8(ascii: "\""))
            if bytes.allSatisfy({ !TextBytes.needsEscape($0) }) {
                append(bytes)
            } else {
                for byte in bytes { append(escaped: byte) }
            }
        }
        append(UInt8(ascii: "\""))
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append(#"\""#)
        case UInt8(ascii: "\\"): append(#"\\"#)
        case UInt8(ascii: "\n"): append(#"\n"#)
        case 0..<0x20:
            append(#"\u00"#)
            for digit in [byte >> 4, byte & 0xF] {
                append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        default: append(byte)
        }
    }

    // MARK: Numbers

    mutating func append(number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(digitsOf: number.magnitude)
    }

    mutating func append(digitsOf number: UInt64) {
        let length = TextBytes.digitCount(number)
        reserve(length)
        write(number, length)
    }

    /// The number with leading zeros, `length` digits in all; at least as many as it has.
    mutating func append(digitsOf number: UInt64, length: Int) {
        reserve(length)
        write(number, length)
    }

    mutating func append(zeros length: Int) {
        reserve(length)
        for _ in 0..<length { appendReserved(UInt8(ascii: "0")) }
    }

    /// Digits with a point before the last `decimals` of them, which are fewer than there are digits.
    mutating func append(digitsOf number: UInt64, decimals: Int) {
        let length = TextBytes.digitCount(number)
        reserve(length + 1)
        write(number, length)
        var position = count
        for _ in 0..<decimals {
            memory[position] = memory[position - 1]
            position -= 1
        }
        memory[position] = UInt8(ascii: ".")
        count += 1
    }

    /// Two digits at a time from the end, into reserved room.
    @inline(__always)
    private mutating func write(_ number: UInt64, _ length: Int) {
        let pairs: StaticString = """
            00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
            """
        let table = pairs.utf8Start
        var rest = number
        var end = memory + count + length
        var missing = length
        while missing >= 2 {
            let pair = Int(rest % 100) * 2
            rest /= 100
            end -= 2
            end[0] = table[pair]
            end[1] = table[pair + 1]
            missing -= 2
        }
        if missing == 1 { memory[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10) }
        count += length
    }

    @inline(__always)
    static func digitCount(_ number: UInt64) -> Int {
        var length = 1
        var bound: UInt64 = 10
        while number >= bound {
            length += 1
            let (next, overflows) = bound.multipliedReportingOverflow(by: 10)
            if overflows { break }
            bound = next
        }
        return length
    }
}
