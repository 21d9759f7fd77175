// SPDX-License-Identifier: Apache-2.0

/// Text that is about to be exported.
struct ExportInput: Decodable, Sendable {
    var text: String
}
