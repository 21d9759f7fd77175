// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressFetch
import EgressRequests
import EgressText
import Glibc
import LinuxSystem

/// The options that say what is sent.
struct RequestOptions: ParsableArguments {
    @Option(
        name: [.customShort("X"), .customLong("method")],
        help: ArgumentHelp("GET, HEAD or POST. Default: POST with --data, else GET.", valueName: "method")
    )
    var methodName: String?

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("Send a header field; repeatable.", valueName: "name: value")
    )
    var header: [String] = []

    @Option(
        help: ArgumentHelp(
            "Let --header send this field too; repeatable. Fields that frame the request are never let.",
            valueName: "name"
        )
    )
    var allowHeader: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Send this text, the content of @FILE, or standard input (@-).", valueName: "text|@file")
    )
    var data: String?

    @Option(
        help: ArgumentHelp(
            """
            Put a secret of the vault into a header: 'x-api-key=vault:NAME', 'authorization=Bearer vault:NAME'. It is sent \
            to the URL's host and port only, or to those of a list: '... vault:NAME to api.example.com .example.net'. \
            Repeatable.
            """,
            valueName: "header=vault:name"
        )
    )
    var credential: [String] = []

    @Option(
        help: ArgumentHelp(
            "Take only this media type, such as application/json or text/*; repeatable.",
            valueName: "type"
        )
    )
    var acceptType: [String] = []

    func validate() throws {
        _ = try method()
        _ = try headers()
    }

    func method() throws -> FetchRequest.Method {
        guard let methodName else { return data == nil ? .get : .post }
        guard let method = FetchRequest.Method(rawValue: methodName) else {
            throw ValidationError("--method \(methodName.quoted()): the methods are GET, HEAD and POST")
        }
        if data != nil, method != .post { throw ValidationError("--data is for POST") }
        return method
    }

    func headers() throws -> [FetchHeader] {
        var fields = try header.map { text in
            guard let colon = text.firstIndex(of: ":") else {
                throw ValidationError("--header wants 'Name: value'")
            }
            return FetchHeader(String(text[..<colon]), String(text[text.index(after: colon)...].drop { $0 == " " }))
        }
        // What curl sends, so that a service answers both alike.
        if data != nil, !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
            fields.append(FetchHeader("content-type", "application/x-www-form-urlencoded"))
        }
        return fields
    }

    func body() throws -> [UInt8] {
        guard let data else { return [] }
        guard data.hasPrefix("@") else { return Array(data.utf8) }
        let limit = FetchRequest.maximumBodySize
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Self.file(String(data.dropFirst())).readAll(limit: limit + 1)
        } catch {
            throw ValidationError("--data: \(error)")
        }
        guard bytes.count <= limit else { throw ValidationError("--data: more than \(limit >> 20) MiB are not sent") }
        return bytes
    }

    private static func file(_ path: String) throws(SystemError) -> FileDescriptor {
        path == "-" ? try .duplicate(of: 0) : try .open(path, O_RDONLY)
    }

    func credentials(for url: String) throws -> CredentialBindingPlan {
        CredentialBindingPlan(try credential.map { try CredentialOption($0, url: url).binding })
    }
}
