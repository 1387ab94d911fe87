// Where Manta runs: Linux and macOS (architecture section 7), and a Node that erases types by itself (api.md). Pure.
// Must load and run under any Node, for it is what an old one hears.

/** The oldest Node that runs TypeScript files without a flag; package.json's `engines` names the same. */
const OLDEST_NODE = [22, 18] as const;

/**
 * Why Manta cannot run here, in one line with the cure; undefined when it can.
 * @param platform as `process.platform`
 * @param nodeVersion as `process.versions.node`
 */
export function whyUnsupported(platform: string, nodeVersion: string): string | undefined {
  if (platform === "win32") return "Windows is not supported; Manta runs on Linux and macOS";
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  return `Node ${nodeVersion} is too old: Manta needs Node ${OLDEST_NODE.join(".")} or newer`;
}
