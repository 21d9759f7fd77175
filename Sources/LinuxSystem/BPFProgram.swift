// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// A classic BPF program (linux/filter.h, Documentation/networking/filter.rst), assembled with forward labels.
public struct BPFProgram: Sendable {
    /// One instruction, as struct sock_filter.
    public struct Instruction: Hashable, Sendable {
        /// The operation.
        public var code: UInt16
        /// How many instructions to skip when the test holds.
        public var ifTrue: UInt8
        /// How many to skip when it does not.
        public var ifFalse: UInt8
        /// The operand.
        public var operand: UInt32
    }

    /// A place to jump to; it must stand behind every jump to it, as BPF has no jumps back.
    public struct Label: Hashable, Sendable {
        let number: Int
    }

    /// Offset of the network header for absolute loads (SKF_NET_OFF).
    public static let networkHeader = UInt32(bitPattern: -0x100000)

    /// Offset at which a word load gives the index of the interface that a packet came in by (SKF_AD_OFF + SKF_AD_IFINDEX).
    public static let interfaceIndex = UInt32(bitPattern: -0x1000 + 8)

    private var instructions: [Instruction] = []
    private var jumps: [(at: Int, ifTrue: Label?, ifFalse: Label?)] = []
    private var places: [Label: Int] = [:]
    private var labels = 0

    /// An empty program.
    public init() {}

    /// A new label, to be placed later.
    public mutating func label() -> Label {
        labels += 1
        return Label(number: labels)
    }

    /// Puts a label before the next instruction.
    public mutating func place(_ label: Label) {
        places[label] = instructions.count
    }

    /// A = byte at `offset`
    public mutating func loadByte(_ offset: UInt32) { add(0x30, offset) }
    /// A = 16 bits at `offset`
    public mutating func loadHalf(_ offset: UInt32) { add(0x28, offset) }
    /// A = 32 bits at `offset`
    public mutating func loadWord(_ offset: UInt32) { add(0x20, offset) }
    /// X = 4 × (low nibble of the byte at `offset`): the length of an IPv4 header
    public mutating func loadHeaderLength(_ offset: UInt32) { add(0xb1, offset) }
    /// A = byte at X + `offset`
    public mutating func loadByteIndexed(_ offset: UInt32) { add(0x50, offset) }
    /// A = 16 bits at X + `offset`
    public mutating func loadHalfIndexed(_ offset: UInt32) { add(0x48, offset) }
    /// A = A & `mask`
    public mutating func and(_ mask: UInt32) { add(0x54, mask) }
    /// Ends: take `count` bytes of the packet, 0 to drop it.
    public mutating func accept(_ count: UInt32) { add(0x06, count) }

    /// Goes to a label, or on (nil), as A equals `value` or not.
    public mutating func jump(ifEqual value: UInt32, _ ifTrue: Label?, else ifFalse: Label? = nil) {
        jumps.append((instructions.count, ifTrue, ifFalse))
        add(0x15, value)
    }

    /// Goes to a label, or on (nil), as A has a bit of `mask` or not.
    public mutating func jump(ifAnyOf mask: UInt32, _ ifTrue: Label?, else ifFalse: Label? = nil) {
        jumps.append((instructions.count, ifTrue, ifFalse))
        add(0x45, mask)
    }

    /// The program with its jumps resolved. A label that was never placed, or lies too far, is our own mistake and traps.
    public func assembled() -> [Instruction] {
        var result = instructions
        for jump in jumps {
            result[jump.at].ifTrue = distance(from: jump.at, to: jump.ifTrue)
            result[jump.at].ifFalse = distance(from: jump.at, to: jump.ifFalse)
        }
        return result
    }

    private func distance(from index: Int, to label: Label?) -> UInt8 {
        guard let label else { return 0 }
        guard let place = places[label], let distance = UInt8(exactly: place - index - 1) else {
            preconditionFailure("a BPF jump without a target")
        }
        return distance
    }

    private mutating func add(_ code: UInt16, _ operand: UInt32) {
        instructions.append(Instruction(code: code, ifTrue: 0, ifFalse: 0, operand: operand))
    }
}
