// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// A classic BPF machine, by the letter of Documentation/networking/filter.rst, to run filters over data as the kernel
/// would: as libseccomp's simulator and gVisor's interpreter do it.
struct ClassicBPF {
    /// What a program may not do; the kernel would refuse to load it.
    struct Invalid: Error {
        let at: Int
        let why: String
    }

    let program: [BPFProgram.Instruction]

    /// A program that the kernel would take: jumps go forward and stay inside, and every way ends with a return.
    init(_ program: [BPFProgram.Instruction]) throws {
        guard !program.isEmpty, program.count <= 4096 else { throw Invalid(at: 0, why: "a length of \(program.count)") }
        for (at, instruction) in program.enumerated() {
            let reach: Int
            switch instruction.code & 7 {
            case 5 where instruction.code & 0xf0 == 0: reach = Int(instruction.operand)
            case 5: reach = Int(max(instruction.ifTrue, instruction.ifFalse))
            case 6: continue
            default: reach = 0
            }
            guard at + 1 + reach < program.count else { throw Invalid(at: at, why: "goes past the end") }
        }
        self.program = program
    }

    /// Where loads read.
    enum Memory {
        /// struct seccomp_data: words in host order (seccomp(2))
        case call([UInt8])
        /// A packet in network order, where the socket's data starts in it, and the interface it came in by; the network
        /// header is at its start.
        case packet([UInt8], data: Int, interface: UInt32 = 2)

        func load(_ offset: UInt32, _ width: Int) -> UInt32? {
            switch self {
            case .call(let bytes):
                guard width == 4, offset % 4 == 0, Int(offset) + 4 <= bytes.count else { return nil }
                return (0..<4).reduce(0) { $0 | UInt32(bytes[Int(offset) + $1]) << (8 * UInt32($1)) }
            case .packet(_, _, let interface) where offset == BPFProgram.interfaceIndex:
                return width == 4 ? interface : nil
            case .packet(let bytes, let data, _):
                let start: Int
                if offset >= BPFProgram.networkHeader {
                    start = Int(offset - BPFProgram.networkHeader)
                } else {
                    start = data + Int(offset)
                }
                guard start + width <= bytes.count else { return nil }
                return bytes[start..<start + width].reduce(0) { $0 << 8 | UInt32($1) }
            }
        }
    }

    /// What the program returns. A load past the end returns 0.
    func run(_ memory: Memory) throws -> UInt32 { try trace(memory).value }

    /// How many instructions are run until it returns.
    func steps(_ memory: Memory) throws -> Int { try trace(memory).steps }

    private func trace(_ memory: Memory) throws -> (value: UInt32, steps: Int) {
        var (a, x): (UInt32, UInt32) = (0, 0)
        var at = 0, steps = 0
        while true {
            steps += 1
            let instruction = program[at]
            let k = instruction.operand
            at += 1
            switch instruction.code {
            case 0x20, 0x28, 0x30:  // ld, ldh, ldb absolute
                guard let value = memory.load(k, [0x20: 4, 0x28: 2, 0x30: 1][instruction.code] ?? 0) else {
                    return (0, steps)
                }
                a = value
            case 0x48, 0x50:  // ldh, ldb indexed
                guard let value = memory.load(x &+ k, instruction.code == 0x48 ? 2 : 1) else {
                    return (0, steps)
                }
                a = value
            case 0xb1:  // ldxb 4*([k]&0xf)
                guard let value = memory.load(k, 1) else { return (0, steps) }
                x = 4 * (value & 0xf)
            case 0x54: a &= k
            case 0x05: at += Int(k)
            case 0x15: at += Int(a == k ? instruction.ifTrue : instruction.ifFalse)
            case 0x25: at += Int(a > k ? instruction.ifTrue : instruction.ifFalse)
            case 0x35: at += Int(a >= k ? instruction.ifTrue : instruction.ifFalse)
            case 0x45: at += Int(a & k != 0 ? instruction.ifTrue : instruction.ifFalse)
            case 0x06: return (k, steps)
            default: throw Invalid(at: at - 1, why: "the operation \(instruction.code)")
            }
        }
    }
}
