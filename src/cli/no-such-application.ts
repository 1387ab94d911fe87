// What a command says of an application that is not there.
import { ServeError } from "../core/errors.ts";

/** Names those that are there. */
export function noSuchApplication(name: string, status: { readonly applications: object }): ServeError {
  const names = Object.keys(status.applications).join(", ") || "none";
  return new ServeError("APPLICATION_NOT_FOUND", `application ${name} not found; there are: ${names}`, {
    application: name,
  });
}
