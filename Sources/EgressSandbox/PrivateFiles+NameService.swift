// SPDX-License-Identifier: Apache-2.0

extension PrivateFiles {
    /// An nsswitch.conf(5) that takes host names from files and DNS only, and everything else from where `content` does:
    /// other sources of names ask daemons outside.
    public static func nameServiceSwitch(_ content: [UInt8]) -> [UInt8] {
        let others = content.split(separator: UInt8(ascii: "\n")).filter { !isAboutHosts($0) }
        return others.flatMap { $0 + [UInt8(ascii: "\n")] } + Array("hosts: files dns\n".utf8)
    }

    /// As glibc reads a line: blanks, then a name that ends at a blank or a colon.
    private static func isAboutHosts(_ line: ArraySlice<UInt8>) -> Bool {
        let name = line.drop { isBlank($0) }.prefix { !isBlank($0) && $0 != UInt8(ascii: ":") }
        return name.elementsEqual("hosts".utf8)
    }

    /// isspace(3)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}
