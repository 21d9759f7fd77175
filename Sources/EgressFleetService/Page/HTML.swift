// SPDX-License-Identifier: Apache-2.0

/// A piece of HTML. What is put into it as a String is text and is escaped; only HTML stays as it is.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    private(set) var source: String

    init(stringLiteral value: String) { source = value }

    init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

    /// Pieces one after the other.
    init(_ pieces: [HTML]) { source = pieces.map(\.source).joined(separator: "\n") }

    struct StringInterpolation: StringInterpolationProtocol {
        var source: String

        init(literalCapacity: Int, interpolationCount: Int) {
            source = ""
            source.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { source += literal }

        mutating func appendInterpolation(_ html: HTML) { source += html.source }

        mutating func appendInterpolation(_ number: some BinaryInteger) { source += String(number) }

        /// Safe between tags and between double quotes of an attribute.
        mutating func appendInterpolation(_ text: String) {
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": source += "&amp;"
                case "<": source += "&lt;"
                case ">": source += "&gt;"
                case "\"": source += "&quot;"
                case "'": source += "&#39;"
                default:
                    // Controls and marks that turn the direction of text can't be seen, only what they do.
                    source.unicodeScalars.append(HTML.isShown(scalar) ? scalar : "\u{fffd}")
                }
            }
        }
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            scalar == "\n" || scalar == "\t"
        default: true
        }
    }
}
