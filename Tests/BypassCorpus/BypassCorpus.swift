// SPDX-License-Identifier: Apache-2.0

/// Every way out that is known, as tables that the tests and `scripts/bypass` share.
public enum BypassCorpus {
    /// A table with the fact that holds for each of its rows.
    public struct Table: Sendable {
        /// A sentence.
        public var fact: String
        /// The rows.
        public var attempts: [Attempt]
    }

    /// All of them.
    public static let tables = [
        Table(fact: "no connection reaches an address that was not allowed", attempts: addresses),
        Table(fact: "no datagram reaches an address that was not allowed", attempts: datagrams),
        Table(fact: "an allowed name does not lead to an address that is not public", attempts: names),
        Table(fact: "no side door of the kernel leads out", attempts: doors),
        Table(fact: "only ordinary kinds of sockets can be made", attempts: families),
        Table(fact: "no path leads to a unix socket of the host", attempts: paths),
        Table(fact: "no unix socket of the host looks like one of the command's", attempts: lookalikes),
        Table(fact: "no call that is performed for the command has more rights than it", attempts: networkChanges),
        Table(fact: "no path leads to what the command must not see", attempts: files),
        Table(fact: "no path is a question to a daemon outside", attempts: upcalls),
        Table(fact: "no device, queue or terminal of the machine can be used", attempts: devicesAndQueues),
        Table(fact: "no file of the kernel's own is written to", attempts: kernelFiles),
        Table(fact: "the first process is out of reach", attempts: ofTheFirst),
        Table(fact: "a system call that could open a way out fails", attempts: systemCalls),
        Table(fact: "what befalls egress-run opens nothing", attempts: faults),
        Table(fact: "a signal does not reach a process outside", attempts: signals),
    ]
}
