// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

@Suite struct AdviceTests {
    @Test(arguments: [
        ("cloning the agent into new user and network namespaces", EPERM, KernelSetting.apparmor, "1", "userns=0"),
        (
            "cloning the agent into new user and network namespaces", ENOSPC, .user, "0",
            "user.max_user_namespaces=15000"
        ),
        ("cloning init into new namespaces", ENOSPC, .network, "0", "user.max_net_namespaces=15000"),
        ("cloning the agent into new user and network namespaces", EPERM, .unprivileged, "0", "userns_clone=1"),
        ("cloning the agent into new user and network namespaces", EPERM, .user, "15000", "are refused here"),
        ("mounting a new /proc", EPERM, .user, "15000", "unmasked /proc"),
        ("loading the seccomp filter", EBUSY, .user, "15000", "outside of it"),
        ("loading the seccomp filter", EINVAL, .user, "15000", "CONFIG_SECCOMP_FILTER"),
        ("silencing TCP (IPv4 routing rules)", EOPNOTSUPP, .user, "15000", "CONFIG_IP_MULTIPLE_TABLES"),
        ("making the link between the worker and the relay (veth)", EOPNOTSUPP, .user, "15000", "modprobe veth"),
        ("making /sys read-only", ENOSYS, .user, "15000", "Linux 5.14"),
    ])
    func `a failed step names what to change`(
        stage: String,
        code: Int32,
        setting: KernelSetting,
        value: String,
        words: String
    ) throws {
        let advice = Advice.about(SystemError(stage, code: code), isRoot: false, isFiltered: false) {
            $0 == setting ? value : nil
        }
        #expect(try #require(advice).contains(words))
    }

    @Test func `a call that is missing under a filter was refused by it`() {
        let error = SystemError("cloning the agent", code: ENOSYS)
        #expect(Advice.about(error, isFiltered: true)?.contains("a seccomp filter refuses it") == true)
        #expect(Advice.about(error, isFiltered: false) == Advice.kernel)
    }

    @Test func `an error that nobody knows gets no advice`() {
        #expect(Advice.about(SystemError("waiting for the sandbox", code: ETIMEDOUT)) == nil)
    }
}
