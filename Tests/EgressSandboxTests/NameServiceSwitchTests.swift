// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Testing

/// nsswitch.conf(5), and nss_database.c of glibc for what it takes beyond that.
struct NameServiceSwitchTests {
    private static let ours = "hosts: files dns\n"

    private static let rows: [(String, String)] = [
        ("", ours),
        ("passwd: files\n", "passwd: files\n\(ours)"),
        ("passwd: files", "passwd: files\n\(ours)"),
        // Debian with libnss-mdns; systemd's nss-resolve; a NIS site
        (
            "passwd: files\nhosts: files mdns4_minimal [NOTFOUND=return] dns\ngroup: files\n",
            "passwd: files\ngroup: files\n\(ours)"
        ),
        ("hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n", ours),
        ("hosts:nis\n", ours),
        ("  \thosts:\tfiles\n", ours),
        ("hosts : files mdns\n", ours),
        // glibc ends the name at a blank as well.
        ("hosts files mdns\n", ours),
        ("hosts: a\nhosts: b\n", ours),
        ("passwd: files\r\nhosts: files resolve\r\n", "passwd: files\r\n\(ours)"),
        // Other databases and comments stay.
        ("hostsx: files\n", "hostsx: files\n\(ours)"),
        ("# hosts: files mdns\n", "# hosts: files mdns\n\(ours)"),
        ("networks: files\n", "networks: files\n\(ours)"),
        ("\n\npasswd: files\n\n", "passwd: files\n\(ours)"),
    ]

    @Test(arguments: rows) func `host names come from files and DNS only`(_ content: String, _ expected: String) {
        let result = PrivateFiles.nameServiceSwitch(Array(content.utf8))
        #expect(String(decoding: result, as: UTF8.self) == expected)
    }

    @Test func `bytes that are no text stay as they are`() {
        #expect(PrivateFiles.nameServiceSwitch([0xff, 0x80, 10]) == [0xff, 0x80, 10] + Array(Self.ours.utf8))
    }
}
