// SPDX-License-Identifier: Apache-2.0

/// Suffixes below which strangers can register names, so that no rule may allow them whole.
///
/// Deliberately modest, and no Public Suffix List: every single label that is not reserved for private use, the
/// second levels of the busiest country registries, and the hosting domains that hand a name to anyone for nothing.
/// Suffixes of storage and delivery networks (`.cloudfront.net`, `.amazonaws.com`) are left to the policy's author:
/// real allowlists need them.
enum PublicSuffix {
    /// Whether names below this one belong to anyone who asks.
    static func contains(_ host: Host) -> Bool {
        let name = host.description
        guard name.contains(".") else { return !privateLabels.contains(name) }
        if hosting.contains(name) { return true }
        let labels = name.split(separator: ".")
        guard labels.count == 2, let countries = registries[String(labels[0])] else { return false }
        return countries.contains(String(labels[1]))
    }

    /// Single labels which are not delegated in the public DNS (RFC 6761, RFC 6762, ICANN's name collision list).
    private static let privateLabels: Set<String> = [
        "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "private", "test",
    ]

    /// Second levels of country registries, by the second level.
    private static let registries: [String: Set<String>] = [
        "co": ["at", "id", "il", "in", "jp", "ke", "kr", "nz", "th", "ug", "uk", "za", "zw"],
        "com": [
            "ar", "au", "bd", "br", "cn", "co", "eg", "es", "hk", "mx", "my", "ng", "pe", "ph", "pk", "pl", "pt", "ru",
            "sa", "sg", "tr", "tw", "ua", "ve", "vn",
        ],
        "org": ["ar", "au", "br", "cn", "es", "hk", "il", "in", "mx", "my", "nz", "pl", "tr", "tw", "uk", "za"],
        "net": ["ar", "au", "br", "cn", "hk", "in", "mx", "my", "nz", "pl", "ru", "tr", "tw", "uk", "za"],
        "ac": ["at", "cn", "id", "il", "in", "jp", "kr", "nz", "th", "uk", "za"],
        "edu": ["ar", "au", "br", "cn", "hk", "mx", "my", "pl", "sg", "tr", "tw"],
        "gov": ["ar", "au", "br", "cn", "in", "uk", "za"],
        "gob": ["ar", "es", "mx", "pe"],
        "ne": ["jp", "kr"],
        "or": ["at", "jp", "kr", "th"],
        "go": ["id", "jp", "kr", "th"],
        "me": ["uk"],
        "ltd": ["uk"],
        "plc": ["uk"],
    ]

    /// Domains whose next label anyone can have within minutes.
    private static let hosting: Set<String> = [
        "azurewebsites.net", "blogspot.com", "deno.dev", "duckdns.org", "firebaseapp.com", "fly.dev", "github.io",
        "gitlab.io", "glitch.me", "herokuapp.com", "netlify.app", "ngrok-free.app", "ngrok.app", "ngrok.io",
        "onrender.com", "pages.dev", "surge.sh", "trycloudflare.com", "vercel.app", "web.app", "workers.dev",
    ]
}
