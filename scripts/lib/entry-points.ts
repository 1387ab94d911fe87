/**
 * What the package ships, as the name below `dist/` (without `.js`) and the source it is bundled from.
 * Programs are started by path, the rest is imported through `exports` of package.json.
 */
export const entryPoints: Readonly<Record<string, string>> = {
  index: "src/index.ts",
  testing: "src/testing/index.ts",
  engine: "src/engine/index.ts",
  "cli/main": "src/cli/main.ts",
  "head/main": "src/head/main.ts",
  "builder/main": "src/builder/main.ts",
  "policy/main": "src/policy/main.ts",
  "supervisor/main": "src/supervisor/main.ts",
  "proxy/main": "src/proxy/main.ts",
  "replica/main": "src/replica/main.ts",
};
