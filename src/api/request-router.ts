// `requestRouter()`: a user's router as an option. What crosses to the callers is where it is found; each of them loads it.
import { showValue } from "../config/check-rule.ts";
import type { RequestRouterOptions } from "../config/options.generated.ts";
import { ConfigError } from "../core/errors.ts";
import type { RequestRouter, RequestRouterClass } from "../model/request-router.ts";
import { store } from "./globals.ts";
import { placeOfCaller } from "./user-place.ts";

/** In the place of the module where only this process can find the class. */
const NO_FILE = "/(no file).js";

/** What `requestRouter()` makes: part of the option `requestRouterConfig`. */
type RouterOption = Pick<RequestRouterOptions, "requestRouterClass" | "requestRouterKwargs">;

/**
 * Makes an option of a router: `requestRouterConfig: requestRouter(ByRegion)`. Call it while its module is loaded, as
 * `deployment()`, so that every caller finds it there.
 * @param Class has `choose(candidates, call, random)`; made once in each process that calls the deployment
 * @param kwargs JSON data: the constructor's argument
 * @throws {ConfigError} no class with `choose`, or one without a name
 */
export function requestRouter(Class: new () => RequestRouter): RouterOption;
export function requestRouter<Kwargs extends object>(
  Class: new (kwargs: Kwargs) => RequestRouter,
  kwargs: NoInfer<Kwargs>,
): RouterOption;
export function requestRouter(Class: RequestRouterClass, kwargs: object = {}): RouterOption {
  const path = "requestRouter(...)";
  if (
    typeof Class !== "function" ||
    typeof (Class.prototype as { choose?: unknown } | undefined)?.choose !== "function"
  ) {
    const expected = "a class with choose(candidates, call, random)";
    throw new ConfigError({ path, received: showValue(Class), expected });
  }
  const { name } = Class;
  if (name === "") throw new ConfigError({ path, received: "a class without a name", expected: "a named class" });
  const place = placeOfCaller();
  // Under a test runner there is none; `deployment()` refuses such code where others would have to import it.
  const requestRouterClass = `${"file" in place ? place.file : NO_FILE}:${name}`;
  store.routers.register(requestRouterClass, Class);
  return { requestRouterClass, requestRouterKwargs: { ...kwargs } };
}
