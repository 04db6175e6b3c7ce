import Hummingbird
import LivepatchAPI
import LivepatchKit

/// What only the server can say of itself, for administrators.
struct DiagnosisRoutes: Sendable {
    let examination: ServerExamination

    func add(to routes: Routes) {
        routes.on(.get, Paths.diagnosis, for: .administrators(.read)) { [examination] _, _ in
            try Answers.json(try await examination.condition())
        }
    }
}
