// YAML as Ray Serve's commands print it.
import { stringify } from "yaml";

/** Ends with a line end. Texts are quoted that a YAML 1.1 reader such as Python's takes for something else: `yes`, `010`. */
export function formatYaml(value: unknown): string {
  return stringify(value, { version: "1.1", indentSeq: false, singleQuote: true });
}
