/// Where a reverse proxy writes whom it speaks for.
public enum ForwardedField: String, Hashable, Sendable, CaseIterable {
    case xForwardedFor = "x-forwarded-for"
    case forwarded
}
