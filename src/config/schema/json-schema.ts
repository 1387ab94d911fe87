// The schema of JSON data of any depth.
import { z } from "zod";
import { findNonJson } from "../json-value.ts";

/** What is stored, compared, sent to replicas and shown over REST. */
export function jsonValue(): z.ZodUnknown {
  return z.unknown().refine((value) => findNonJson(value) === undefined);
}
