// What is said of a name that nothing has: what there is instead. Pure.
import { ServeError } from "../core/errors.ts";

/** APPLICATION_NOT_FOUND. @param known names of those that there are */
export function noApplication(name: string, known: readonly string[]): ServeError {
  const instead = known.length === 0 ? "none is deployed" : `deployed: ${known.join(", ")}`;
  return new ServeError("APPLICATION_NOT_FOUND", `there is no application ${name}; ${instead}`, { application: name });
}

/** DEPLOYMENT_NOT_FOUND. @param known names of those that the application has */
export function noDeployment(application: string, name: string, known: readonly string[]): ServeError {
  const instead = known.length === 0 ? "none" : known.join(", ");
  const message = `application ${application} has no deployment ${name}; it has ${instead}`;
  return new ServeError("DEPLOYMENT_NOT_FOUND", message, { application, deployment: name });
}
