// SPDX-License-Identifier: Apache-2.0

import EgressFetch
import EgressPolicy
import EgressRequests
import EgressText
import Glibc
import LinuxSystem

/// One run of `egress fetch`, from the request to the exit status.
struct FetchSession {
    private let client: FetchClient
    private let request: FetchRequest
    private let output: String?
    private let json: Bool

    init(_ client: FetchClient, _ request: FetchRequest, output: String?, json: Bool) {
        self.client = client
        self.request = request
        self.output = output
        self.json = json
    }

    /// The exit status.
    func perform() async -> Int32 {
        keepFreedMemory()
        watch(request.limits.totalTimeout)
        let body: any FetchOutput
        do throws(SystemError) {
            switch output {
            case nil where json: body = MemoryOutput()
            case nil: body = StreamOutput(isGuarded: isatty(1) == 1, showsHeader: request.method == .head)
            case "-": body = StreamOutput(isGuarded: false, showsHeader: request.method == .head)
            case let path?: body = try FileOutput(path)
            }
        } catch {
            return complain("cannot write \(error)", 70)
        }
        let sink = ProgressSink(body)
        do throws(FetchError) {
            let result = try await client.fetch(request, into: sink)
            sink.finish()
            let kept = body.finish(isWanted: result.isSuccess && !result.isTruncated)
            if json { print(FetchReport(result, body).json()) }
            return judge(result, kept)
        } catch {
            sink.finish()
            _ = body.finish(isWanted: false)
            if json { print(FetchReport(error).json()) }
            return judge(error)
        }
    }

    private func judge(_ result: FetchResult, _ kept: String?) -> Int32 {
        let note = output.map { $0 == "-" ? "" : "; \($0.printable) was not written" } ?? ""
        if let kept { return complain(kept, 70) }
        if result.isTruncated {
            return complain(
                "the body has more than \(request.limits.maxBytes) bytes and was cut there (to permit more: --max-bytes)\(note)",
                6
            )
        }
        guard result.isSuccess else { return complain("\(result.url): status \(result.status)\(note)", 4) }
        return 0
    }

    private func judge(_ error: FetchError) -> Int32 {
        var text = error.description
        if let rule = error.policyError?.permittingRule { text += " (to permit: --allow \(rule))" }
        switch error.kind {
        case .usage: return complain(error.message, 64)
        case .denied where error.policyError?.reason == .dnsResolutionFailed: return complain(text, 5)
        case .denied where error.policyError?.reason == .emptyResolution: return complain(text, 5)
        case .denied: return complain(text, 3)
        case .network: return complain(text, 5)
        case .local: return complain(error.message, 70)
        }
    }

    private func complain(_ text: String, _ code: Int32) -> Int32 {
        Self.write("egress: \(text)\n")
        return code
    }

    static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = unsafe Glibc.write(2, bytes.baseAddress, bytes.count) }
    }

    /// Ends the process a little after the fetch should have ended by itself: a reader of standard output that takes nothing
    /// blocks its writer, which then notices no time-out.
    private func watch(_ timeout: Duration) {
        Task.detached {
            try await Task.sleep(for: timeout + .seconds(1))
            Self.write("egress: total_timeout: nobody takes the body from standard output\n")
            _exit(5)
        }
    }
}
