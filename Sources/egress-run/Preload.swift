// SPDX-License-Identifier: Apache-2.0

import EgressCommandLine
import EgressPolicyFile
import EgressSandbox
import Glibc
import LinuxSystem

/// The environment that brings `libegress-preload.so` into the processes of a command.
struct Preload {
    private let library: String
    private let variables: [(name: String, value: String)]

    /// All that the library reads; of the caller's own none may be left to mix with ours.
    private static let names = [
        "EGRESS_POLICY", "EGRESS_ALLOW", "EGRESS_DENY", "EGRESS_ALLOW_PRIVATE", "EGRESS_TELL", "EGRESS_PRELOAD",
    ]

    /// Nil when the options do not ask for the library.
    init?(_ options: Options) throws(Failure) {
        guard options.usesPreload || options.isolation == .preload else { return nil }
        library = try Self.findLibrary()
        var variables = [
            ("EGRESS_ALLOW", options.allow.joined(separator: "\n")),
            ("EGRESS_DENY", options.deny.joined(separator: "\n")),
        ]
        if let path = options.policyPath { variables.append(("EGRESS_POLICY", try Self.rereadable(path))) }
        if options.allowsPrivate { variables.append(("EGRESS_ALLOW_PRIVATE", "1")) }
        // In network namespaces the supervisor holds the connections. It knows what the library can't: names that another
        // process resolved, or a static one, and the command's own loopback. It tells what it allows, too.
        if options.isolation == .netns { variables.append(("EGRESS_PRELOAD", "names")) }
        switch options.verbosity {
        case .quiet: variables.append(("EGRESS_TELL", "quiet"))
        case .verbose where options.isolation == .preload: variables.append(("EGRESS_TELL", "verbose"))
        case .normal, .verbose: break
        }
        self.variables = variables
    }

    /// Puts the library first in LD_PRELOAD, and its settings, into our own environment, which the command inherits.
    ///
    /// We ourselves are static: LD_PRELOAD does nothing to us.
    func install() throws(Failure) {
        let others = unsafe getenv("LD_PRELOAD").map { unsafe ":" + String(cString: $0) } ?? ""
        for name in Self.names { unsafe unsetenv(name) }
        for (name, value) in variables + [("LD_PRELOAD", library + others)] {
            // The kernel takes no longer string (MAX_ARG_STRLEN, execve(2)).
            guard name.utf8.count + value.utf8.count + 2 <= 131_072, unsafe setenv(name, value, 1) == 0 else {
                throw Failure("\(name) is too long for the environment (put the rules in a --policy file)")
            }
        }
    }

    /// Beside this program, or where a package puts it: `bin/egress-run` and `lib/egress-run/`.
    private static func findLibrary() throws(Failure) -> String {
        guard let program = resolved("/proc/self/exe"), let slash = program.lastIndex(of: "/") else {
            throw Failure("can't find out where this program lies (is /proc mounted?)")
        }
        let directory = program[..<slash]
        for place in ["\(directory)", "\(directory)/../lib/egress-run"] {
            let path = "\(place)/libegress-preload.so"
            guard unsafe access(path, R_OK) == 0, unsafe access("\(place)/libegress.so", R_OK) == 0 else { continue }
            // ld.so(8): LD_PRELOAD is separated by spaces or colons, and there is no way to escape one.
            if path.contains(where: { $0 == " " || $0 == ":" }) {
                throw Failure(
                    "the path of libegress-preload.so holds a space or colon, which LD_PRELOAD can't have: '\(path)'"
                )
            }
            return path
        }
        throw Failure(
            "libegress-preload.so and libegress.so are not beside this program, nor in ../lib/egress-run of it"
        )
    }

    /// Every process of the command reads the file anew, in whatever directory it is.
    private static func rereadable(_ path: String) throws(Failure) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let path = resolved(path) else {
            throw Failure("--policy '\(path)': the preload library needs a file that can be read more than once")
        }
        return path
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}

/// Runs a command that only the library holds; returns the exit status, or does not return.
func runPreloaded(_ options: Options, _ command: CommandPlan) throws(Failure) -> Int32 {
    // A bad policy must fail here, where it is told once and nothing runs.
    let document = try Settings.document(options)
    guard document.upstream.isEmpty else {
        throw Failure(
            "the policy's 'dns: upstream' can't be had with '--isolation preload': libc asks those of resolv.conf"
        )
    }
    complain("warning: '--isolation preload' is cooperative: static programs and system calls past glibc are not held")
    let name: String
    switch options.command {
    case .program(let words): name = words.first ?? ""
    case .shell: name = "/bin/sh"
    }
    if let attestor = try Attestor(options) {
        attestor.set(policy: document.canonicalText)
        guard attestor.attestUnheld(command) else {
            switch attestor.refusal {
            case .notExecutable(let code)?: return notExecuted(name, code)
            case .failed(let failure)?: throw failure
            case nil: return ExitStatus.ownFailure
            }
        }
    }
    var arguments = unsafe command.arguments.map { unsafe strdup($0.map(CChar.init(bitPattern:)) + [0]) } + [nil]
    if let timeout = options.timeout { return try unsafe run(name, &arguments, for: timeout) }
    unsafe execvp(name, &arguments)
    return notExecuted(name, errno)
}
