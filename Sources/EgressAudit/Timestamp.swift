// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment of the wall clock, to the millisecond.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    public var milliseconds: UInt64

    /// A moment so many milliseconds after the beginning of 1970, UTC.
    public init(milliseconds: UInt64) {
        self.milliseconds = milliseconds
    }

    /// The present moment; the beginning of 1970 when the clock stands before it.
    public static func now() -> Timestamp {
        var time = timespec()
        // The clock of the vDSO: no system call, and it cannot fail for this clock.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let seconds = UInt64(clamping: time.tv_sec)
        return Timestamp(milliseconds: seconds &* 1000 &+ UInt64(clamping: time.tv_nsec) / 1_000_000)
    }

    /// Whether one moment is before another.
    public static func < (first: Timestamp, second: Timestamp) -> Bool {
        first.milliseconds < second.milliseconds
    }

    /// The moment in UTC as RFC 3339 writes it: `2026-01-31T23:59:59.999Z`.
    public var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends `description`.
    ///
    /// By arithmetic and not by gmtime_r, deliberately: glibc's reads the time zone files on its first call, and this
    /// may run where they cannot be read. The calendar is that of Howard Hinnant's "chrono-Compatible Low-Level Date
    /// Algorithms" (`civil_from_days`), whose years begin in March so that the leap day is the last.
    func append(to bytes: inout [UInt8]) {
        let days = milliseconds / 86_400_000 + 719_468  // Since 0000-03-01.
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        bytes.append(decimal: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), width: 4)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(decimal: month, width: 2)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(decimal: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, width: 2)
        let time = milliseconds % 86_400_000
        bytes.append(UInt8(ascii: "T"))
        bytes.append(decimal: time / 3_600_000, width: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: time / 60_000 % 60, width: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: time / 1000 % 60, width: 2)
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: time % 1000, width: 3)
        bytes.append(UInt8(ascii: "Z"))
    }
}
