// From a bound application to data: names, handle references, specs. No process, no clock; the same graph gives the same
// names in the driver, the builder and the replica.
//   R1  Children come before their parents, left to right, each once: a diamond shares one deployment.
//   R2  The same class bound again gets `Adder`, `Adder_1`, `Adder_2`; a different class under a taken name is an error.
//   R3  Whatever can be wrong with the code's place is told here, before anything starts.
import { resolveOptions } from "../config/check-options.ts";
import type { ApplicationOptions, DeploymentOptions } from "../config/options.generated.ts";
import { readPolicy } from "../config/policy-path.ts";
import { inheritOptions, resolveDeployment } from "../config/resolve-deployment.ts";
import { ConfigError } from "../core/errors.ts";
import { IMPERATIVE, type ApplicationSpec, type CodeEntry, type DeploymentSpec } from "../model/application-spec.ts";
import { CROSSING_HINT, encodeToBytes, plainHooks, type EncodeHooks, type HandleRef } from "../protocol/values.ts";
import { APPLICATION } from "./brands.ts";
import { store } from "./globals.ts";
import { handleRefOf } from "./handle.ts";
import { describePlace, type Registration } from "./registry.ts";
import type { Application } from "./types.ts";

/** What `bind` made. */
export interface BoundApplication {
  /** Name of its ingress deployment, without a suffix. */
  readonly name: string;
  readonly registration: Registration;
  /** As the user wrote them. */
  readonly input: DeploymentOptions;
  readonly args: readonly unknown[];
  /** Applications among the arguments, at any depth, in the order of the arguments. */
  readonly children: readonly BoundApplication[];
  readonly [APPLICATION]: true;
}

class Bound implements BoundApplication {
  /** As error messages and debuggers show it. */
  static readonly name: string = "Application";
  readonly name: string;
  readonly registration: Registration;
  readonly input: DeploymentOptions;
  readonly args: readonly unknown[];
  readonly children: readonly BoundApplication[];
  readonly [APPLICATION] = true;
  readonly [CROSSING_HINT] = "give it to bind(...), which makes a handle of it, or to serve.run";

  constructor(name: string, registration: Registration, input: DeploymentOptions, args: readonly unknown[]) {
    this.name = name;
    this.registration = registration;
    this.input = input;
    this.args = args;
    const children = new Set<BoundApplication>();
    // The encoded value is not kept: names are known only when the whole graph is.
    encodeArgs(this, (child) => {
      children.add(child);
      return { application: "", deployment: child.name };
    });
    this.children = [...children];
    Object.freeze(this);
  }
}

/**
 * Connects code with its arguments.
 * @throws {SerializationError} an argument cannot cross; names the path, e.g. `Ingress.bind(...)[1].db`
 */
export function bindApplication(
  name: string,
  registration: Registration,
  input: DeploymentOptions,
  args: readonly unknown[],
): BoundApplication {
  return new Bound(name, registration, input, args);
}

/** True for what `bind` returned, also in another copy of the package. */
export function isApplication(value: unknown): value is BoundApplication & Application<unknown> {
  return typeof value === "object" && value !== null && APPLICATION in value;
}

/** How an application is deployed. */
export interface BuildOptions {
  readonly name: string;
  readonly routePrefix: string | null;
  /** Absolute. */
  readonly workingDir: string;
  /** What the application says for all of its deployments. */
  readonly shared?: ApplicationOptions;
  /** Where all of its code is loaded from. Without it each deployment is loaded from the file that called `deployment()`. */
  readonly entry?: CodeEntry;
  /** The code is never loaded again, because its replicas live in this process: where it stands does not matter. */
  readonly inProcess?: boolean;
}

/**
 * An application as data for the head.
 * @throws {ConfigError} two classes under one name, or code that no replica could load (R2, R3)
 */
export function buildApplicationSpec(app: BoundApplication, options: BuildOptions): ApplicationSpec {
  const { name, routePrefix, workingDir } = options;
  const shared = resolveOptions("application", options.shared);
  const names = nameGraph(app, name);
  const deployments: DeploymentSpec[] = [];
  for (const [node, graphName] of names) {
    const { registration, input } = node;
    deployments.push({
      name: graphName,
      registeredName: registration.name,
      kind: registration.kind,
      entry: options.entry ?? entryOf(registration, options.inProcess === true),
      initArgs: encodeArgs(node, (child) => ({ application: name, deployment: names.get(child) as string })),
      calls: node.children.map((child) => names.get(child) as string),
      input,
      file: null,
      options: inheritOptions(resolveDeployment(input, `deployment("${graphName}")`), shared),
    });
  }
  const { externalScalerEnabled } = shared;
  if (externalScalerEnabled) refuseAutoscaling(name, deployments);
  const autoscalingPolicy = readPolicy(shared.autoscalingPolicy, workingDir);
  const ingress = names.get(app) as string;
  return {
    name,
    routePrefix,
    ingress,
    deployments,
    workingDir,
    ...IMPERATIVE,
    externalScalerEnabled,
    autoscalingPolicy,
  };
}

function refuseAutoscaling(application: string, deployments: readonly DeploymentSpec[]): void {
  const scaling = deployments.filter(({ options }) => options.autoscalingConfig !== null).map(({ name }) => name);
  if (scaling.length === 0) return;
  throw new ConfigError({
    path: `application "${application}".externalScalerEnabled`,
    received: `true, while ${scaling.join(", ")} has autoscalingConfig`,
    expected: "a fixed number of replicas for each deployment, or externalScalerEnabled: false",
  });
}

/** The code of a deployment by its name in the graph; undefined when the graph has no such deployment. */
export function findInGraph(app: BoundApplication, deployment: string): Registration | undefined {
  for (const [node, name] of nameGraph(app, "")) if (name === deployment) return node.registration;
  return undefined;
}

/** Names all deployments of a graph, children first (R1, R2). */
function nameGraph(app: BoundApplication, application: string): Map<BoundApplication, string> {
  const names = new Map<BoundApplication, string>();
  const taken = new Map<string, BoundApplication>();
  const first = new Map<string, BoundApplication>();
  const visit = (node: BoundApplication): void => {
    if (names.has(node)) return;
    for (const child of node.children) visit(child);
    const base = node.name;
    const holder = first.get(base) ?? node;
    if (holder.registration.target !== node.registration.target) throw nameClash(application, base, holder, node);
    first.set(base, holder);
    let name = base;
    for (let copy = 1; taken.has(name); copy++) name = `${base}_${copy}`;
    taken.set(name, node);
    names.set(node, name);
  };
  visit(app);
  return names;
}

function nameClash(application: string, name: string, one: BoundApplication, other: BoundApplication): ConfigError {
  const places = `${describePlace(one.registration.place)} and ${describePlace(other.registration.place)}`;
  return new ConfigError({
    path: `application "${application}"`,
    received: `two different classes or functions named ${name} (${places})`,
    expected: `one for each name; rename one: deployment(${name}, { name: "..." })`,
  });
}

function entryOf(registration: Registration, inProcess: boolean): CodeEntry {
  const { name, place } = registration;
  if (inProcess) return { file: "file" in place ? place.file : "", exportName: null, args: null };
  if (!("file" in place)) throw new ConfigError({ path: `deployment("${name}")`, ...place });
  const twin = store.registry
    .named(name)
    .find((one) => one.target !== registration.target && "file" in one.place && one.place.file === place.file);
  if (twin !== undefined) {
    throw new ConfigError({
      path: `deployment("${name}")`,
      received: `two different classes or functions under this name (${describePlace(place)} and ${describePlace(twin.place)})`,
      expected: 'one for each name, so that a replica can tell them apart; give one { name: "..." }',
    });
  }
  return { file: place.file, exportName: null, args: null };
}

function encodeArgs(
  node: Pick<BoundApplication, "name" | "args">,
  refOf: (child: BoundApplication) => HandleRef,
): Uint8Array {
  const hooks: EncodeHooks = {
    handleRef: (value) => (isApplication(value) ? refOf(value) : handleRefOf(value)),
    openBody: plainHooks.openBody,
  };
  return encodeToBytes(node.args, hooks, `${node.name}.bind(...)`);
}
