// Ray Serve's import paths of what is built in, and our names for it: a file may say either, and GET reports Ray's
// (compatibility.md). Pure.

const ROUTERS: readonly (readonly [ours: string, ray: string])[] = [
  ["pow2", "ray.serve._private.request_router:PowerOfTwoChoicesRequestRouter"],
  ["round-robin", "ray.serve.experimental.round_robin_router:RoundRobinRouter"],
  ["consistent-hash", "ray.serve.experimental.consistent_hash_router:ConsistentHashRouter"],
];

/** Ray's built-in autoscaling policy, which is ours without a name. */
export const RAY_POLICY = "ray.serve.autoscaling_policy:default_autoscaling_policy";
/** The same by an older name. */
const OLD_POLICY = "ray.serve.autoscaling_policy:replica_queue_length_autoscaling_policy";

/** Python takes `package.module:name` and `package.module.name`, and modules export what is defined below them. */
function sameAttribute(a: string, b: string): boolean {
  const parts = (path: string): string[] => path.replace(":", ".").split(".");
  const [left, right] = [parts(a), parts(b)];
  const last = left.at(-1) === right.at(-1);
  return last && left[0] === right[0] && left[1] === right[1];
}

/** A router as `requestRouterClass` has it: our name where Ray's class means one of ours, else as given. */
export function rayRouter(given: string): string {
  return ROUTERS.find(([, ray]) => sameAttribute(ray, given))?.[0] ?? given;
}

/** A router as GET reports it. */
export function rayRouterClass(router: string): string {
  return ROUTERS.find(([ours]) => ours === router)?.[1] ?? router;
}

/** A policy's import path; null where it is the built-in one or none is given. */
export function rayPolicy(given: string | undefined): string | null {
  const isBuiltIn = given === undefined || [RAY_POLICY, OLD_POLICY].some((one) => sameAttribute(one, given));
  return isBuiltIn ? null : given;
}
