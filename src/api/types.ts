// The types that users' code is checked against: what a handle offers for a class or a function, and what `bind` takes.
// Types only. They follow the user's own declarations; nothing is generated.
//   R1  A method whose awaited result is a generator or async iterable gives a stream; a union of both kinds gives both.
//   R2  Lifecycle methods, fields that are no functions and everything private are not on a handle.
//   R3  A top-level argument may be the un-awaited response of another call.
// Limits: an overloaded method keeps its last signature, a generic method widens its type parameters.
import type { DeploymentOptions, HandleOptions } from "../config/options.generated.ts";

declare const brand: unique symbol;

type AnyFunction = (...args: never[]) => unknown;

/**
 * The answer of a call that has been started. Awaiting it gives the value; it never causes an unhandled rejection by
 * itself, a failure that nobody awaits is logged.
 */
export interface DeploymentResponse<T> extends Pick<Promise<T>, "then" | "catch" | "finally"> {
  /**
   * Ends the call: takes it out of the queue, or aborts the running code's `signal`. Does nothing once it is answered,
   * but that bodies of an answered `Response` or `Request` which still stream fail.
   */
  cancel(): void;
  /** Id of the request that the call belongs to, as in logs and in `x-request-id`. */
  readonly requestId: string;
}

/** The streamed answer of a call that has been started. Single use; leaving the `for await` early stops the producer. */
export interface DeploymentResponseStream<Y> extends AsyncIterable<Y> {
  /** Stops the producer. Does nothing once the stream has ended. */
  cancel(): void;
  /** Id of the request that the call belongs to, as in logs and in `x-request-id`. */
  readonly requestId: string;
}

type Passed<A extends readonly unknown[]> = { [I in keyof A]: A[I] | DeploymentResponse<A[I]> };
type Streams<V> = Extract<V, AsyncIterable<unknown>> | Extract<V, Generator<unknown, unknown, unknown>>;
type Item<S> = S extends AsyncIterable<infer Y> ? Y : S extends Generator<infer Y, unknown, unknown> ? Y : never;

/** What calling a method that returns `R` gives at the caller (R1). */
export type RemoteResult<R, V = Awaited<R>> = [Streams<V>] extends [never]
  ? DeploymentResponse<V>
  : [Exclude<V, Streams<V>>] extends [never]
    ? DeploymentResponseStream<Item<Streams<V>>>
    : DeploymentResponse<Exclude<V, Streams<V>>> & DeploymentResponseStream<Item<Streams<V>>>;

/** A method as its callers see it (R1, R3). */
export type RemoteMethod<F> = F extends (...args: infer A) => infer R ? (...args: Passed<A>) => RemoteResult<R> : never;

type Lifecycle = "setup" | "checkHealth" | "reconfigure" | "recordAutoscalingStats" | "recordRoutingStats";

type MethodName<T> = {
  [K in keyof T]: K extends string ? (K extends Lifecycle ? never : T[K] extends AnyFunction ? K : never) : never;
}[keyof T];

/** What every handle has, whatever it leads to. */
export interface HandleControls<T> {
  /**
   * A handle to the same deployment whose calls have these options; the others are kept.
   * @throws {ConfigError} naming path, received and expected
   */
  options(options: HandleOptions): Handle<T>;
  readonly [brand]: T;
}

/**
 * The typed object by which a deployment is called: `await handle.method(...)`, or `await handle(...)` for a function.
 * @typeParam T the class, or the type of the function, behind the deployment
 */
export type Handle<T> = HandleControls<T> &
  (T extends AnyFunction ? RemoteMethod<T> : { readonly [K in MethodName<T>]: RemoteMethod<T[K]> });

/** A deployment with its constructor arguments: what `serve.run` runs and what `bind` takes in the place of a handle. */
export interface Application<T> {
  /** Name of its ingress deployment. */
  readonly name: string;
  readonly [brand]: T;
}

type Bound<A extends readonly unknown[]> = { [I in keyof A]: Bindable<A[I]> };
type Bindable<P> =
  P extends HandleControls<infer T>
    ? Application<T>
    : P extends readonly (infer E)[]
      ? P | readonly Bindable<E>[]
      : P extends object
        ? P | { [K in keyof P]: Bindable<P[K]> }
        : P;

/**
 * A class or function with its options.
 * @typeParam T what a handle to it offers
 * @typeParam A the constructor's parameters
 */
export interface Deployment<T, A extends readonly unknown[]> {
  /** Name within an application, before a suffix such as `_1` for a second copy. */
  readonly name: string;
  /**
   * Connects it: constructor arguments as data, with bound applications where the constructor takes handles, at any
   * depth of arrays and plain objects. Function deployments take none.
   * @throws {SerializationError} an argument cannot cross to another process; names the path
   */
  bind(...args: Bound<A>): Application<T>;
  /**
   * A copy with other options; those not named are kept.
   * @throws {ConfigError} naming path, received and expected
   */
  options(options: DeploymentOptions): Deployment<T, A>;
}

/** What surrounds the running request. */
export interface RequestContext {
  readonly requestId: string;
  readonly application: string;
  readonly deployment: string;
  /** Route prefix of the HTTP request that this one belongs to; "" outside of one. */
  readonly route: string;
  readonly multiplexedModelId: string;
  readonly sessionId: string;
  /** Aborts when the client leaves, the deadline passes or the caller cancels. */
  readonly signal: AbortSignal;
  /** Unix milliseconds; undefined: no limit. */
  readonly deadlineMs: number | undefined;
  /**
   * IP address of the client of an HTTP request, as the proxy sees it: of a load balancer when there is one in front.
   * "" in nested calls and where no proxy is, as in tests.
   */
  readonly clientAddress: string;
}
