// A command line that makes no sense: told in one line, exit code 2.
import { ServeError } from "../core/errors.ts";

/** The words of the command line are wrong; nothing was started or changed. */
export class UsageError extends ServeError {
  constructor(message: string) {
    super("CONFIG_INVALID", message);
  }
}
