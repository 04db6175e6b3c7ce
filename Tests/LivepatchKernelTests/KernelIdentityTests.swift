import LivepatchKernel
import LivepatchKit
import Testing

@Suite struct `Telling which kernel runs` {
    struct Sample: Sendable {
        var signature: String?
        var version = ""
        var release: String
        var machine = "x86_64"
        /// What is told; for a refusal a part of its sentence.
        var expected: String
    }

    static let recognized: [Sample] = [
        Sample(
            signature: "Ubuntu 5.15.0-107.117-generic 5.15.149", release: "5.15.0-107-generic",
            expected: "5.15.0-107.117-generic amd64"),
        Sample(
            signature: "Ubuntu 6.5.0-41.41~22.04.2-generic 6.5.13\n", release: "6.5.0-41-generic",
            expected: "6.5.0-41.41~22.04.2-generic amd64"),
        Sample(
            signature: "Ubuntu 5.15.0-1055.60~20.04.1-azure 5.15.148", release: "5.15.0-1055-azure",
            expected: "5.15.0-1055.60~20.04.1-azure amd64"),
        Sample(
            signature: "Ubuntu 5.15.0-1027.31+fips1-aws-fips 5.15.111", release: "5.15.0-1027-aws-fips",
            expected: "5.15.0-1027.31+fips1-aws-fips amd64"),
        Sample(
            signature: "Ubuntu 6.8.0-1006.6-nvidia-64k 6.8.4", release: "6.8.0-1006-nvidia-64k", machine: "aarch64",
            expected: "6.8.0-1006.6-nvidia-64k arm64"),
        Sample(
            signature: "Ubuntu 5.4.0-182.202-generic 5.4.269", release: "5.4.0-182-generic", machine: "s390x",
            expected: "5.4.0-182.202-generic s390x"),
        Sample(
            signature: "Ubuntu 5.4.0-182.202-generic 5.4.269", release: "5.4.0-182-generic", machine: "ppc64le",
            expected: "5.4.0-182.202-generic ppc64el"),
        Sample(
            signature: "Ubuntu 4.15.0-213.224-lowlatency 4.15.18", release: "4.15.0-213-lowlatency",
            expected: "4.15.0-213.224-lowlatency amd64"),
        Sample(
            version:
                "Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-10)",
            release: "6.1.0-56-cloud-amd64", expected: "6.1.0-56.192.2-cloud-amd64 amd64"),
        Sample(
            version:
                "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)\n",
            release: "6.1.0-18-amd64", expected: "6.1.0-18.76.1-amd64 amd64"),
        Sample(
            version:
                "Linux version 6.1.0-53-rt-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld) #1 SMP PREEMPT_RT Debian 6.1.185-1 (2026-08-02)",
            release: "6.1.0-53-rt-amd64", expected: "6.1.0-53.185.1-rt-amd64 amd64"),
        Sample(
            version:
                "Linux version 5.10.0-28-arm64 (debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld) #1 SMP Debian 5.10.209-2 (2024-01-31)",
            release: "5.10.0-28-arm64", machine: "aarch64", expected: "5.10.0-28.209.2-arm64 arm64"),
        Sample(
            version:
                "Linux version 4.19.0-26-amd64 (debian-kernel@lists.debian.org) (gcc version 8.3.0 (Debian 8.3.0-6)) #1 SMP Debian 4.19.304-1+deb10u1 (2024-01-09)",
            release: "4.19.0-26-amd64", expected: "4.19.0-26.304.1+deb10u1-amd64 amd64"),
    ]

    @Test(arguments: recognized) func `Ubuntu's and Debian's kernels say exactly what they are`(sample: Sample) throws {
        let kernel = try KernelIdentity.kernel(
            signature: sample.signature, version: sample.version,
            name: SystemName(release: sample.release, version: "", machine: sample.machine))
        #expect(kernel.description == sample.expected)
        // So the module's vermagic can be compared with it.
        #expect(kernel.version.unameRelease(kernel.flavour) == sample.release)
    }

    static let refused: [Sample] = [
        // Debian's backports and newer releases have no ABI number.
        Sample(
            version:
                "Linux version 6.12.117+deb12-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 6.12.117-1~bpo12+1 (2026-11-01)",
            release: "6.12.117+deb12-cloud-amd64", expected: "'6.12.117+deb12-cloud-amd64' of the package 6.12.117-1~bpo12+1"),
        Sample(
            version:
                "Linux version 6.1.0-0.deb11.13-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 6.1.52-1~bpo11+1 (2023-09-12)",
            release: "6.1.0-0.deb11.13-amd64", expected: "package 6.1.52-1~bpo11+1"),
        // Somebody's own kernels, and other distributions'.
        Sample(
            version: "Linux version 6.18.44 (builder@host) (gcc (GCC) 15.3.0) #1 SMP @0", release: "6.18.44",
            expected: "'6.18.44'"),
        Sample(
            version: "Linux version 5.14.0-427.13.1.el9_4.x86_64 (mockbuild@host) (gcc (GCC) 11.4.1 (Red Hat)) #1 SMP",
            release: "5.14.0-427.13.1.el9_4.x86_64", expected: "5.14.0-427.13.1.el9_4.x86_64"),
        Sample(
            version: "Linux version 6.8.0-060800-generic (kernel@host) (gcc (Ubuntu 13.2.0) 13.2.0) #202403131158 SMP",
            release: "6.8.0-060800-generic", expected: "6.8.0-060800-generic"),
        // What belongs to another kernel than the one that runs.
        Sample(
            signature: "Ubuntu 5.15.0-107.117-generic 5.15.149", release: "5.15.0-106-generic", expected: "which is another one"),
        Sample(signature: "Ubuntu 5.15.0-107-generic", release: "5.15.0-107-generic", expected: "'5.15.0-107-generic'"),
        Sample(
            version: "Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 5.10.209-2 (2024-01-31)",
            release: "6.1.0-56-amd64", expected: "package 5.10.209-2"),
        Sample(version: "", release: "", expected: "''"),
        Sample(
            signature: "Ubuntu 5.15.0-107.117-generic 5.15.149", release: "5.15.0-107-generic", machine: "VAX 11",
            expected: "'VAX 11'"),
    ]

    @Test(arguments: refused) func `any other kernel is refused, with what was found`(sample: Sample) {
        let error = #expect(throws: LivepatchError.self) {
            try KernelIdentity.kernel(
                signature: sample.signature, version: sample.version,
                name: SystemName(release: sample.release, version: "", machine: sample.machine))
        }
        #expect(error?.code == .kernelUnrecognized)
        #expect(error?.message.contains(sample.expected) == true, "\(error?.message ?? "")")
    }

    @Test func `Debian's kernels say when they were built`() {
        #expect(
            KernelIdentity.buildDate(of: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-10)\n") == "2026-11-10T00:00:00Z")
        #expect(KernelIdentity.buildDate(of: "#202403131158 SMP PREEMPT_DYNAMIC") == nil)
    }
}
