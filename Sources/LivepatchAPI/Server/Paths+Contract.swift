extension Paths {
    /// `GET`, for everybody: the OpenAPI document of this API.
    public static let contract = "/v1/openapi.json"
}
