internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import SensorFormats

/// An error as the API tells it.
///
/// Source: RFC 9457, "Problem Details for HTTP APIs".
struct Problem: HTTPResponseError {
    let status: HTTPResponse.Status
    /// What is wrong with this request, and what would be right.
    let detail: String

    static func badRequest(_ detail: String) -> Problem { Problem(status: .badRequest, detail: detail) }
    static func notFound(_ detail: String) -> Problem { Problem(status: .notFound, detail: detail) }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("type")
        json.string("about:blank")
        json.key("title")
        json.string(self.status.reasonPhrase)
        json.key("status")
        json.integer(self.status.code)
        json.key("detail")
        json.string(self.detail)
        json.endObject()
        return Response(
            status: self.status, headers: [.contentType: "application/problem+json"],
            body: ResponseBody(byteBuffer: ByteBuffer(json)))
    }
}

/// What every answer gets, and what no handler needs to know: only reading, errors as problems, headers that keep a
/// browser from asking others.
struct Manners<Context: RequestContext>: RouterMiddleware {
    /// The page may load only from this node; MapLibre's worker is a blob of its own script.
    private static var policy: String {
        "default-src 'self'; script-src 'self' blob:; worker-src 'self' blob:; child-src blob:; "
            + "img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
            + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    }

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            guard request.method == .get || request.method == .head else {
                throw Problem(status: .methodNotAllowed, detail: "The API only reads; use GET or HEAD.")
            }
            return self.dressed(try await next(request, context))
        } catch let problem as Problem {
            return try self.answer(problem, to: request, context)
        } catch let error as HTTPError {
            let detail = error.body ?? "There is nothing at \(request.uri.path)."
            return try self.answer(Problem(status: error.status, detail: detail), to: request, context)
        } catch  where !(error is CancellationError) {
            context.logger.error("a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            let problem = Problem(status: .internalServerError, detail: "The node could not answer; its log says why.")
            return try self.answer(problem, to: request, context)
        }
    }

    private func answer(_ problem: Problem, to request: Request, _ context: Context) throws -> Response {
        var response = try problem.response(from: request, context: context)
        if problem.status == .methodNotAllowed { response.headers[.allow] = "GET, HEAD" }
        return self.dressed(request.method == .head ? response.createHeadResponse() : response)
    }

    private func dressed(_ response: Response) -> Response {
        var response = response
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[HTTPField.Name.referrerPolicy] = "no-referrer"
        return response
    }
}

extension HTTPField.Name {
    static var referrerPolicy: Self {
        guard let name = Self("Referrer-Policy") else { preconditionFailure("a header's name is a token") }
        return name
    }
}

extension ByteBuffer {
    /// The text written so far, copied.
    init(_ json: borrowing JSONWriter) {
        self = json.withBytes { bytes in
            var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
            unsafe bytes.withUnsafeBytes { unsafe _ = buffer.writeBytes($0) }
            return buffer
        }
    }
}
