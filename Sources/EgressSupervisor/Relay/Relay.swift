// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc
import LinuxSystem

/// The flows that are relayed.
@safe final class Relay {
    /// How much is read at once; also what one direction of a flow holds at most for a slow reader.
    static let chunk = 128 * 1024
    /// How many chunks one flow moves before others have their turn.
    static let burst = 8

    let loop: EventLoop
    private let gate: Gate
    private var flows: [ObjectIdentifier: Flow] = [:]
    /// Two descriptors for each flow, and half of all for one program.
    private var byProgram: Shares<Int32?>
    /// Where bytes stay between a read and the write that follows; shared, since both happen in one turn.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Relay.chunk, alignment: 4096)

    /// - Parameter descriptors: how many the process may have open
    init(loop: EventLoop, gate: Gate, descriptors: Int = ProcessSignal.descriptorLimit) {
        byProgram = Shares(maximum: max(32, descriptors / 4))
        self.loop = loop
        self.gate = gate
    }

    deinit {
        unsafe buffer.deallocate()
    }

    /// How many flows there are.
    var count: Int { flows.count }

    /// True if a program may have one more.
    func hasRoom(for program: Int32?) -> Bool { byProgram.hasRoom(for: program) }

    /// True when all that the worker sent has been handed to the kernel: what remains is its to deliver.
    var isDrained: Bool { flows.values.allSatisfy(\.isWorkerDone) }

    /// The others.
    var undrained: [Flow] { flows.values.filter { !$0.isWorkerDone } }

    /// Relays between the worker's connection and the upstream one.
    func join(
        worker: FileDescriptorBox,
        upstream: FileDescriptorBox,
        remote: SocketAddress,
        judgement: Gate.Judgement,
        program: Int32? = nil
    ) {
        // Only the listener needs the filter that holds SYNs.
        Socket.set(worker.raw, SOL_SOCKET, SO_DETACH_FILTER, 0)
        let flow = Flow(
            worker: worker,
            upstream: upstream,
            remote: remote,
            judgement: judgement,
            program: program,
            relay: self
        )
        flows[ObjectIdentifier(flow)] = flow
        byProgram.take(program)
        do {
            try loop.add(worker.raw, Flow.interest, flow)
            try loop.add(upstream.raw, Flow.interest, flow)
        } catch {
            gate.refuse(remote, .tcp, error.description)
            flow.abort()
        }
    }

    /// Forgets a flow that is over and tells its bytes.
    func finish(_ flow: Flow) {
        guard flows.removeValue(forKey: ObjectIdentifier(flow)) != nil else { return }
        byProgram.giveBack(flow.program)
        loop.forget(flow.worker.raw)
        loop.forget(flow.upstream.raw)
        gate.close(flow.remote, .tcp, flow.judgement, sent: flow.outward.count, received: flow.inward.count)
    }

    /// Ends all flows: the worker is gone.
    func finishAll() {
        for flow in flows.values { flow.close() }
    }
}
