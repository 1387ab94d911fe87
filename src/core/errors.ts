// The one base error, its typed subclasses, and the single door by which an unknown reason becomes one of them.
// Wire form: protocol/error-wire.ts. HTTP status: error-codes.ts.
import { ERROR_CODES, isErrorCode, type ErrorCode } from "./error-codes.ts";

const BRAND = Symbol.for("manta-serve/error");

/** Plain data that explains an error to a program: JSON values only. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * Every failure that Manta raises. Match `code`; classes exist where `details` are typed.
 * `instanceof` also holds for errors made by a second copy of the package in the same process.
 */
export class ServeError<D extends ErrorDetails = ErrorDetails> extends Error {
  /** What happened, from the closed table `ERROR_CODES`. */
  readonly code: ErrorCode;
  /** True when the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** Facts for programs: numbers, names, paths. */
  readonly details: D;

  constructor(
    code: ErrorCode,
    message: string,
    details: D = {} as D,
    options?: { cause?: unknown; retryable?: boolean },
  ) {
    super(message, options !== undefined && "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retryable = options?.retryable ?? ERROR_CODES[code].retryable;
    this.details = details;
    Object.defineProperty(this, BRAND, { value: this.name, enumerable: false, configurable: true });
  }

  /**
   * Status that a client gets when an ingress lets this through (api.md section 6). The name is the one that Express,
   * Fastify and Koa look for, and so is that of `headers`.
   */
  get statusCode(): number {
    const { http, passesThrough } = ERROR_CODES[this.code];
    if (!passesThrough) return 500;
    return this.code === "BACK_PRESSURE" && this.details["statusCode"] === 429 ? 429 : http;
  }

  /** `retry-after` of BACK_PRESSURE: whole seconds, rounded up; 1 when nobody said. */
  get headers(): Readonly<Record<string, string>> | undefined {
    if (this.code !== "BACK_PRESSURE") return undefined;
    const seconds = this.details["retryAfterS"];
    return { "retry-after": String(typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds) : 1) };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== "object" || value === null) return false;
    try {
      if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
      const brand = (value as { [BRAND]?: unknown })[BRAND];
      return this === ServeError ? brand !== undefined : brand === this.name;
    } catch {
      return false; // a proxy that answers nothing: whatever it is, it is not ours
    }
  }
}

/** True for errors raised by Manta, also for those made by another copy of the package. */
export function isServeError(value: unknown): value is ServeError {
  return value instanceof ServeError;
}

export interface BackPressureDetails extends ErrorDetails {
  readonly application: string;
  readonly deployment: string;
  /** Requests that waited at this caller. */
  readonly queued: number;
  /** `maxQueuedRequests` of the deployment. */
  readonly limit: number;
  /** 503, or 429 when `backpressureConfig` says so. */
  readonly statusCode: number;
  /** Seconds until a retry makes sense. */
  readonly retryAfterS: number;
}

/** The caller's queue for a deployment is full. No replica has seen the request, so a retry is safe. */
export class BackPressureError extends ServeError<BackPressureDetails> {
  constructor(d: BackPressureDetails) {
    super(
      "BACK_PRESSURE",
      `${d.deployment}: ${d.queued} of ${d.limit} requests queued; raise maxQueuedRequests or numReplicas, or retry later`,
      d,
    );
  }
}

export interface RequestTimeoutDetails extends ErrorDetails {
  readonly requestId: string;
  /** The limit that ran out, seconds. */
  readonly timeoutS: number;
}

/** The request's deadline passed before it was answered. */
export class RequestTimeoutError extends ServeError<RequestTimeoutDetails> {
  constructor(d: RequestTimeoutDetails) {
    super("REQUEST_TIMEOUT", `request ${d.requestId} timed out after ${d.timeoutS} s`, d);
  }
}

export interface RequestCancelledDetails extends ErrorDetails {
  readonly requestId: string;
  /** Who ended it: "client left", "caller cancelled", "request ended". */
  readonly by: string;
}

/** The client left, or the caller cancelled the call. */
export class RequestCancelledError extends ServeError<RequestCancelledDetails> {
  constructor(d: RequestCancelledDetails) {
    super("REQUEST_CANCELLED", `request ${d.requestId} was cancelled: ${d.by}`, d);
  }
}

export interface ReplicaGoneDetails extends ErrorDetails {
  readonly application: string;
  readonly deployment: string;
  readonly replicaId: string;
}

/** The replica's connection broke after it had accepted the call. */
export class ReplicaGoneError extends ServeError<ReplicaGoneDetails> {
  constructor(d: ReplicaGoneDetails) {
    super(
      "REPLICA_GONE",
      `replica ${d.replicaId} of ${d.application}#${d.deployment} ended while it held the request`,
      d,
    );
  }
}

export interface DeploymentUnavailableDetails extends ErrorDetails {
  readonly application: string;
  readonly deployment: string;
  /** "failed to deploy" or "was deleted". */
  readonly reason: string;
}

/** The deployment failed to deploy, or was deleted: no replica will come. */
export class DeploymentUnavailableError extends ServeError<DeploymentUnavailableDetails> {
  constructor(d: DeploymentUnavailableDetails) {
    super(
      "DEPLOYMENT_UNAVAILABLE",
      `deployment ${d.deployment} of application ${d.application} is unavailable: it ${d.reason}; see manta status`,
      d,
    );
  }
}

export interface SerializationDetails extends ErrorDetails {
  /** Where in the value, e.g. `args[1].db`. */
  readonly path: string;
  /** What was found there. */
  readonly received: string;
}

/** A value cannot cross between processes. */
export class SerializationError extends ServeError<SerializationDetails> {
  constructor(
    d: SerializationDetails,
    hint = "pass plain data; the list of what crosses is in docs/reference/protocol.md",
  ) {
    super("SERIALIZATION", `${d.path}: ${d.received} cannot cross between processes; ${hint}`, d);
  }
}

export interface ConfigErrorDetails extends ErrorDetails {
  /** Where, e.g. `deployment("Adder").numReplicas`. */
  readonly path: string;
  readonly received: string;
  readonly expected: string;
  /** Nearest known key, where a key was unknown. */
  readonly nearest?: string;
}

/** An option, a config or an argument of one of our functions is wrong. */
export class ConfigError extends ServeError<ConfigErrorDetails> {
  constructor(d: ConfigErrorDetails) {
    const nearest = d.nearest === undefined ? "" : `; did you mean ${d.nearest}?`;
    super("CONFIG_INVALID", `${d.path}: received ${d.received}, expected ${d.expected}${nearest}`, d);
  }
}

export interface UserCodeDetails extends ErrorDetails {
  readonly deployment: string;
  readonly method: string;
}

/** The deployment's own code threw. `cause` carries name, message, own data fields and the remote stack. */
export class UserCodeError extends ServeError<UserCodeDetails> {
  constructor(d: UserCodeDetails, cause: unknown) {
    super("USER_CODE", `${d.deployment}.${d.method}: ${describeThrown(cause)}`, d, { cause });
  }
}

/** `name: message` of a thrown value; anything else as text. Never throws. */
export function describeThrown(reason: unknown): string {
  try {
    if (reason instanceof Error) return `${reason.name}: ${reason.message}`;
    return typeof reason === "string" ? reason : (JSON.stringify(reason) ?? String(reason));
  } catch {
    return "a value that cannot be shown";
  }
}

/** The one door by which an unknown reason becomes a `ServeError`; anything foreign is INTERNAL with it as cause. */
export function toServeError(reason: unknown): ServeError {
  if (isServeError(reason)) return reason;
  return new ServeError("INTERNAL", describeThrown(reason), {}, { cause: reason });
}

export interface ServeErrorData {
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly retryable: boolean;
  readonly cause?: unknown;
}

/** Classes by code; the wire carries the code only. */
const CLASSES: Partial<Record<ErrorCode, { readonly prototype: object; readonly name: string }>> = {
  BACK_PRESSURE: BackPressureError,
  REQUEST_TIMEOUT: RequestTimeoutError,
  REQUEST_CANCELLED: RequestCancelledError,
  REPLICA_GONE: ReplicaGoneError,
  DEPLOYMENT_UNAVAILABLE: DeploymentUnavailableError,
  SERIALIZATION: SerializationError,
  CONFIG_INVALID: ConfigError,
  USER_CODE: UserCodeError,
};

/** Rebuilds an error that came over the wire, with its class, keeping the sender's message. Unknown codes become INTERNAL. */
export function reviveServeError(data: ServeErrorData): ServeError {
  const code = isErrorCode(data.code) ? data.code : "INTERNAL";
  const options = "cause" in data ? { cause: data.cause, retryable: data.retryable } : { retryable: data.retryable };
  const error = new ServeError(code, data.message, data.details, options);
  const target = CLASSES[code];
  if (target === undefined) return error;
  Object.setPrototypeOf(error, target.prototype);
  error.name = target.name;
  Object.defineProperty(error, BRAND, { value: target.name, enumerable: false });
  return error;
}
