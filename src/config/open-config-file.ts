// Opens a config file: its document, and what it means.
import { dirname, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { placeInFile, readConfigFile } from "./read-config-file.ts";
import { type ParsedConfig, parseServeConfig } from "./serve-config.ts";

export interface ConfigFile extends ParsedConfig {
  /** As it stands in the file; what is sent to a head, which reads it anew. */
  readonly document: unknown;
  /** Absolute folder of the file, which its relative paths start from. */
  readonly workingDir: string;
}

/** @param file path, as messages show it @throws {ConfigError} what is wrong with it, with its place in the file */
export function openConfigFile(file: string): ConfigFile {
  const document = readConfigFile(file);
  try {
    return { ...parseServeConfig(document), document, workingDir: dirname(resolve(file)) };
  } catch (error) {
    throw error instanceof ConfigError ? placeInFile(error, file) : error;
  }
}
