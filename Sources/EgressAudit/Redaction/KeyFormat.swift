// SPDX-License-Identifier: Apache-2.0

/// A key of an API that its maker gave a prefix, so that it can be found. The formats are those that the makers document.
struct KeyFormat: Sendable {
    /// What the rest of the key consists of.
    var set: ByteClass
    /// The least number of bytes after the prefix.
    var minimum: Int
    /// The number of bytes after the prefix, if all keys have the same and a longer word is none.
    var exact: Int?
    /// For short prefixes, which ordinary words may have: a digit and a capital letter are needed, and no part of a word before.
    var isWeak = false

    func match(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        let start = sight.origin
        if isWeak || exact != nil {
            guard sight.isWordBoundary(start) else { return .none }
            if isWeak, let before = sight.before(start), before.isIn(.base64URL), !sight.isEscapeEnd(start) {
                return .none
            }
        }
        let run = try sight.run(of: set, from: end)
        guard run.end - end >= minimum, exact == nil || run.end - end == exact else { return .none }
        if isWeak {
            let first = sight.bytes[end..<min(run.end, end + 64)]
            guard first.contains(where: { $0.isIn(.digit) }), first.contains(where: { $0.isIn(.upper) }) else {
                return .none
            }
        }
        return run.isWhole ? .found(.apiKey, start..<run.end) : .open(.apiKey, end, set)
    }

    private static func formats(_ prefixes: [String], _ set: ByteClass, _ minimum: Int) -> [ShapeTable.Anchor] {
        prefixes.map { ShapeTable.Anchor($0, .apiKey(KeyFormat(set: set, minimum: minimum))) }
    }

    private static func weak(_ prefix: String, _ set: ByteClass, _ minimum: Int) -> [ShapeTable.Anchor] {
        // A word needs four bytes, so the first byte of the key is a part of it.
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".map {
            ShapeTable.Anchor(
                prefix + String($0),
                .apiKey(KeyFormat(set: set, minimum: minimum - 1, isWeak: true))
            )
        }
    }

    /// All prefixes.
    static let anchors: [ShapeTable.Anchor] =
        // GitHub; GitLab.
        formats(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], .alphanumeric, 30)
        + formats(["github_pat_"], .word, 22)
        + formats(
            ["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-", "glagent-", "gloas-"],
            .base64URL,
            20
        )
        // Slack.
        + formats(["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xoxe.", "xapp-"], .bearerToken, 10)
        + formats(["hooks.slack.com/services/", "discord.com/api/webhooks/"], .bearerToken, 20)
        // AWS: four letters and 16 characters of base32.
        + ["AKIA", "ASIA", "ABIA", "ACCA"].map {
            ShapeTable.Anchor($0, .apiKey(KeyFormat(set: .alphanumeric, minimum: 16, exact: 16)))
        }
        // Google.
        + formats(["AIza"], .base64URL, 35) + formats(["ya29."], [.base64URL, .dot], 20)
        + formats(["GOCSPX-"], .base64URL, 20)
        // Stripe.
        + formats(["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"], [.alphanumeric, .base64Extra], 16)
        // Anthropic, OpenAI, OpenRouter and others.
        + formats(["sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-v1-"], .base64URL, 20)
        + weak("sk-", .base64URL, 20)
        + formats(["gsk_", "xai-"], .alphanumeric, 40) + weak("hf_", .alphanumeric, 30) + weak("r8_", .alphanumeric, 30)
        // Registries of packages and images.
        + formats(["npm_"], .alphanumeric, 30) + formats(["pypi-"], .base64URL, 50)
        + formats(["rubygems_"], .alphanumeric, 40)
        + formats(["dckr_pat_"], .base64URL, 20) + weak("oy2", .alphanumeric, 40)
        // Clouds and services.
        + formats(["dop_v1_", "doo_v1_", "dor_v1_"], .alphanumeric, 40)
        + formats(["shpat_", "shpca_", "shppa_", "shpss_"], .alphanumeric, 30)
        + formats(["hvs.", "hvb.", "hvr."], .base64URL, 24) + weak("SG.", [.base64URL, .dot], 60)
        + formats(["dapi"], .alphanumeric, 32)
        + formats(
            ["lin_api_", "sbp_", "ntn_", "figd_", "pul-", "PMAK-", "NRAK-", "tskey-", "glsa_", "glc_"],
            [.base64URL, .base64Extra],
            24
        )
        + formats(
            ["pscale_tkn_", "pscale_pw_", "sq0atp-", "sq0csp-", "ATATT3", "HRKU-", "dp.pt.", "ops_ey"],
            .bearerToken,
            20
        )
        + formats(["AGE-SECRET-KEY-1"], .alphanumeric, 50)
}
