import FoundationEssentials
import LivepatchKit

extension Endpoint {
    static let machines = [
        Endpoint(
            .post, Paths.machineRegisterTemplate, "registerMachine", "Attaches a machine.", for: .authToken,
            answers: [.json(RegistrationBody.self, 201, "It is attached; nobody is told its token again.")],
            problems: [.machineLimit, .malformedValue] + ownFaults),
        Endpoint(
            .get, Paths.machineInfoTemplate, "tellMachine", "What the server knows of the machine.", for: .machines,
            answers: [.json(MachineInformationBody.self)]),
        Endpoint(
            .post, Paths.machineUpdatesTemplate, "checkIn", "The machine's check-in.", for: .machines,
            body: .json(MachineReport.self), answers: [.json(CheckInAnswer.self)]),
        Endpoint(
            .post, Paths.machinePingsTemplate, "ping", "A sign of life around the application of a patch.", for: .machines,
            body: .json(MachinePing.self), answers: [.done]),
        Endpoint(
            .delete, Paths.machineTemplate, "endMachineToken", "Ends the machine's token.", for: .machines, answers: [.done]),
        Endpoint(
            .get, Paths.machines, "listMachines", "Machines, those that were heard of last first.", for: .administrators(.read),
            parameters: page + filters + [includesDownstreams], answers: [.json(MachineListBody.self)],
            problems: [.malformedValue]),
        Endpoint(
            .get, Paths.machineCount, "countMachines", "How many machines there are.", for: .administrators(.read),
            parameters: filters + [includesDownstreams], answers: [.json(MachineCountBody.self)], problems: [.malformedValue]),
        Endpoint(
            .post, Paths.machineForget, "forgetMachines", "Forgets machines.", for: .administrators(.operate),
            body: .json(MachineForgetBody.self), answers: [.json(MachinesForgottenBody.self)],
            problems: [.malformedValue, .notFound]),
        Endpoint(
            .get, Paths.administeredMachineTemplate, "showMachine", "A machine with its history.", for: .administrators(.read),
            parameters: [.query("history", Int64.self, "How much of its history, at most.", bounds: 0...1000)],
            answers: [.json(MachineDetailBody.self)], problems: [.malformedValue]),
        Endpoint(
            .post, Paths.machineTagsTemplate, "tagMachine", "Gives a machine labels, and takes them away.",
            for: .administrators(.operate),
            body: .json(MachineTagsBody.self), answers: [.json(Machine.self)], problems: [.malformedValue]),
    ]

    static let fleet = [
        Endpoint(
            .get, Paths.fleetSummary, "summarizeFleet", "The machines at a glance.", for: .administrators(.read),
            parameters: [includesDownstreams], answers: [.json(FleetSummaryBody.self)]),
        Endpoint(
            .get, Paths.patchHealthTemplate, "tellPatchHealth", "How a patch version does on machines.",
            for: .administrators(.read),
            parameters: [.query("tier", TierName.self, "Only machines of that tier."), includesDownstreams],
            answers: [.json(PatchHealthBody.self)], problems: [.malformedValue, .versionUnknown, .tierUnknown]),
        Endpoint(
            .post, Paths.fleetReport, "reportFleet", "A downstream's machines in numbers.", for: .downstreams,
            parameters: [.deployment], body: .json(FleetReport.self), answers: [.json(FleetReceipt.self)]),
        Endpoint(
            .post, Paths.machineReports, "reportMachines", "A page of machines' reports.", for: .downstreams,
            parameters: [.deployment],
            body: RequestBody(
                mediaType: "application/x-ndjson", type: nil,
                description: "JSON lines: the page's header, then a machine a line (Documentation/protocol.md)."),
            answers: [.json(FleetReceipt.Feed.self)]),
    ]

    private static let includesDownstreams = Parameter.query(
        "include-downstream", Bool.self, "Whether the deployments below are counted, too.")

    private static let filters: [Parameter] = [
        .query("tier", TierName.self, "Machines of that tier."),
        .query("auth-token", String.self, "Machines that were attached with that auth token."),
        .query("patch", PatchVersion.self, "Machines with that patch version applied."),
        .query("state", PatchState.self, "Machines in one of these states.", isRepeated: true),
        .query("kernel", KernelVersion.self, "Machines with that kernel."),
        .query("flavour", Flavour.self, "Machines with a kernel of that flavour."),
        .query("architecture", Architecture.self, "Machines of that architecture."),
        .query("tag", String.self, "Machines with all of these labels.", isRepeated: true),
        .query("silent-since", Date.self, "Machines that were last heard of before then."),
        .query("seen-since", Date.self, "Machines that were heard of since then."),
        .query("shared", Bool.self, "Machines whose id or token more than one machine seems to use."),
    ]
}
