// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The registry of a fleet of workers, and the commands of those who look after it.
struct Fleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep a registry of attested workers, and look after them.",
        subcommands: [
            FleetServe.self, FleetList.self, FleetShow.self, FleetEvents.self, FleetDrain.self, FleetQuarantine.self,
            FleetRelease.self,
        ]
    )
}
