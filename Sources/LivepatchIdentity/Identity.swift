import JWTKit

/// Whom an outside identity provider vouches for.
public enum Identity {}
