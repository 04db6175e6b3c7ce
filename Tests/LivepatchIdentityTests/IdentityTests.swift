import JWTKit
import LivepatchIdentity
import Testing
