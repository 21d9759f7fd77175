// SPDX-License-Identifier: Apache-2.0

/// Where clouds serve metadata and credentials: an address here is worth more than the rest of a private network.
enum MetadataService {
    static let v4: [UInt32] = [
        0xa9fe_a9fe,  // 169.254.169.254: AWS, Azure, Google Cloud, DigitalOcean, Hetzner, OpenStack, Oracle, ...
        0xa9fe_aa02,  // 169.254.170.2: AWS ECS task credentials
        0xa9fe_aa17,  // 169.254.170.23: AWS EKS pod identity
        0xa9fe_0017,  // 169.254.0.23: Tencent Cloud
        0xa9fe_2a2a,  // 169.254.42.42: Scaleway
        0x6464_64c8,  // 100.100.100.200: Alibaba Cloud
        0xc000_00c0,  // 192.0.0.192: Oracle Cloud Classic
        0xa83f_8110,  // 168.63.129.16: Azure WireServer, in public space
    ]

    static let v6: [IPv6Address] = [
        IPv6Address(high: 0xfd00_0ec2_0000_0000, low: 0x0254),  // fd00:ec2::254: AWS
        IPv6Address(high: 0xfd00_0ec2_0000_0000, low: 0x0023),  // fd00:ec2::23: AWS EKS pod identity
        IPv6Address(high: 0xfd20_00ce_0000_0000, low: 0x0254),  // fd20:ce::254: Google Cloud
        IPv6Address(high: 0xfd00_0042_0000_0000, low: 0x0042),  // fd00:42::42: Scaleway
        IPv6Address(high: 0xfe80_0000_0000_0000, low: 0xa9fe_a9fe),  // fe80::a9fe:a9fe: OpenStack
    ]
}
