// The closed table of error codes: the one place where a code meets its HTTP status, its gRPC status and whether a
// retry may help. docs/reference/errors.md has one section a code; a test compares both ways.

/** What a code means outside of the process that raised it. */
export interface ErrorCodeFacts {
  /** HTTP status when the error reaches a client of the proxy. 499 is only ever logged. */
  readonly http: number;
  /** Name of the gRPC status. */
  readonly grpc: string;
  /** True when the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** True when an ingress that lets the error through hands its status on to the client (api.md section 6). */
  readonly passesThrough: boolean;
}

export const ERROR_CODES = {
  BACK_PRESSURE: { http: 503, grpc: "RESOURCE_EXHAUSTED", retryable: true, passesThrough: true },
  DEPLOYMENT_UNAVAILABLE: { http: 503, grpc: "UNAVAILABLE", retryable: false, passesThrough: true },
  REQUEST_TIMEOUT: { http: 408, grpc: "DEADLINE_EXCEEDED", retryable: false, passesThrough: true },
  REQUEST_CANCELLED: { http: 499, grpc: "CANCELLED", retryable: false, passesThrough: false },
  REPLICA_GONE: { http: 500, grpc: "UNAVAILABLE", retryable: false, passesThrough: false },
  USER_CODE: { http: 500, grpc: "INTERNAL", retryable: false, passesThrough: false },
  ROUTE_NOT_FOUND: { http: 404, grpc: "NOT_FOUND", retryable: false, passesThrough: false },
  APPLICATION_NOT_FOUND: { http: 404, grpc: "NOT_FOUND", retryable: false, passesThrough: false },
  DEPLOYMENT_NOT_FOUND: { http: 404, grpc: "NOT_FOUND", retryable: false, passesThrough: false },
  METHOD_NOT_FOUND: { http: 404, grpc: "NOT_FOUND", retryable: false, passesThrough: false },
  PAYLOAD_TOO_LARGE: { http: 413, grpc: "RESOURCE_EXHAUSTED", retryable: false, passesThrough: true },
  BAD_REQUEST: { http: 400, grpc: "INVALID_ARGUMENT", retryable: false, passesThrough: false },
  SERIALIZATION: { http: 500, grpc: "INTERNAL", retryable: false, passesThrough: false },
  CONFIG_INVALID: { http: 400, grpc: "INVALID_ARGUMENT", retryable: false, passesThrough: false },
  DEPLOY_FAILED: { http: 500, grpc: "FAILED_PRECONDITION", retryable: false, passesThrough: false },
  MODEL_LOAD: { http: 500, grpc: "INTERNAL", retryable: false, passesThrough: false },
  BATCH_SHAPE: { http: 500, grpc: "INTERNAL", retryable: false, passesThrough: false },
  ENGINE: { http: 500, grpc: "INTERNAL", retryable: true, passesThrough: false },
  PROTOCOL: { http: 500, grpc: "INTERNAL", retryable: false, passesThrough: false },
  INTERNAL: { http: 500, grpc: "INTERNAL", retryable: false, passesThrough: false },
} as const satisfies Record<string, ErrorCodeFacts>;

/** One of the closed set of codes; match on it rather than on classes or messages. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** True for the name of a code of this version. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}
