// SPDX-License-Identifier: Apache-2.0

/// How much of a table each of its users has: one that is greedy, or that nobody answers, leaves room for the others.
struct Shares<User: Hashable> {
    /// What one user may have.
    let maximum: Int
    private var taken: [User: Int] = [:]

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// True if a user may have `amount` more.
    func hasRoom(for user: User, _ amount: Int = 1) -> Bool {
        taken[user, default: 0] + amount <= maximum
    }

    mutating func take(_ user: User, _ amount: Int = 1) {
        taken[user, default: 0] += amount
    }

    /// Gives back what was taken.
    mutating func giveBack(_ user: User, _ amount: Int = 1) {
        let left = taken[user, default: 0] - amount
        taken[user] = left > 0 ? left : nil
    }
}
