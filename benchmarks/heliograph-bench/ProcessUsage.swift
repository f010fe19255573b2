import CMalloc
import Foundation

/// What the kernel says of a process (proc(5)). The file of another user's process may be unreadable: then NaN.
struct ProcessUsage {
    /// User and system time of all threads, ended ones included, seconds. Ticks of 10 ms.
    let cpuSeconds: Double
    /// Bytes; the peak is since the process began.
    let residentBytes: Double
    let peakResidentBytes: Double

    init(pid: Int32) {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        // The command, in parentheses, may hold blanks; fields 14 and 15 are counted from its end.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = fields.count > 12 ? (Double(fields[11]) ?? .nan) + (Double(fields[12]) ?? .nan) : .nan
        cpuSeconds = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        func kilobytes(_ key: String) -> Double {
            let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
            return line.flatMap { Double($0.split(whereSeparator: \.isWhitespace)[1]) } ?? .nan
        }
        residentBytes = kilobytes("VmRSS:") * 1024
        peakResidentBytes = kilobytes("VmHWM:") * 1024
    }

    /// Of this process, after free memory has been given back to the kernel.
    static var current: ProcessUsage {
        malloc_trim(0)
        return ProcessUsage(pid: getpid())
    }

    /// What malloc has given out, bytes: the resident size without its holes.
    static var allocatedBytes: Double {
        let info = mallinfo2()
        return Double(info.uordblks + info.hblkhd)
    }
}

/// Nanoseconds of a clock that only a process' or a thread's own work drives.
enum CPUClock {
    case thread, process

    var nanoseconds: UInt64 {
        reading(self == .thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID)
    }

    private func reading(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
