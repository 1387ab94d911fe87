// Turns scripts/rooms.ts into rules. Run by `npm run deps`, which also fails when nothing was cruised.
import { impureCore, indexMayImport, mayLoadSchema, pureFiles, rooms, zodFolder } from "./scripts/rooms.ts";

const escape = (path) => path.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** A pattern for files below a folder (`src/core/`), or for one file (`src/index.ts`). */
const pattern = (path) => (path.endsWith("/") ? `^${escape(path)}` : `^${escape(path)}$`);
const patterns = (paths) => paths.map(pattern);
const tests = ["\\.test\\.ts$", "^src/[^/]+/testing/"];

/** Rooms that stand above `room` in the list and lie inside it: they have a rule of their own. */
const exceptions = (room) => rooms.filter((other) => other !== room && other.path.startsWith(room.path));

/** One rule per room: what it imports is itself, a lower layer, or named in `sideways`. */
const layerRules = rooms.map((room) => ({
  name: `room:${room.path}`,
  comment: `${room.path} is layer ${room.layer}: it imports lower layers only, and ${room.sideways?.join(", ") ?? "nothing sideways"}.`,
  severity: "error",
  from: { path: pattern(room.path), pathNot: [...patterns(exceptions(room).map((other) => other.path)), ...tests] },
  to: {
    path: "^src/",
    pathNot: [
      pattern(room.path),
      ...patterns(rooms.filter((other) => other.layer < room.layer).map((other) => other.path)),
      ...patterns(room.sideways ?? []),
    ],
  },
}));

/** A file inside the folder of a lower room that stands higher (`proxy/main.ts`) is imported by nobody. */
const roots = rooms.filter((room) => room.path.endsWith("/main.ts")).map((room) => room.path);

export default {
  forbidden: [
    ...layerRules,
    {
      name: "known-room",
      comment: "Every folder of src/ is a line in scripts/rooms.ts.",
      severity: "error",
      from: { path: "^src/", pathNot: patterns(rooms.map((room) => room.path)) },
      to: {},
    },
    {
      name: "no-import-of-a-root",
      comment: "A composition root is started, never imported.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: patterns(roots) },
    },
    {
      name: "index-static",
      comment: "Importing manta-serve must stay cheap: the driver comes by import().",
      severity: "error",
      from: { path: "^src/index\\.ts$" },
      to: { path: "^src/", pathNot: patterns(indexMayImport), dependencyTypesNot: ["dynamic-import", "type-only"] },
    },
    {
      name: "pure",
      comment: "Decisions are functions of their arguments: no node: module, no package.",
      severity: "error",
      from: { path: pureFiles, pathNot: tests },
      to: { dependencyTypes: ["core", "npm", "npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "pure-core",
      comment: "Decisions take time as a value and do not log.",
      severity: "error",
      from: { path: pureFiles, pathNot: tests },
      to: { path: patterns(impureCore), dependencyTypesNot: ["type-only"] },
    },
    {
      name: "zod",
      comment: "zod is loaded by the schema only.",
      severity: "error",
      from: { path: "^src/", pathNot: [pattern(zodFolder), ...tests] },
      to: { path: "(^|/)zod(/|$)" },
    },
    {
      name: "schema",
      comment: "A proxy and a replica never load the schema (zod costs them start time).",
      severity: "error",
      from: { path: "^src/", pathNot: [...patterns(mayLoadSchema), ...tests] },
      to: { path: pattern(zodFolder) },
    },
    {
      name: "schema-in-driver",
      comment: "The driver loads the schema by import(), when it is used.",
      severity: "error",
      from: { path: "^src/serve/", pathNot: tests },
      to: { path: pattern(zodFolder), dependencyTypesNot: ["dynamic-import", "type-only"] },
    },
    {
      name: "no-cycle",
      comment: "Files that import one another cannot be understood one at a time.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "no-test-import",
      comment: "Sources import no tests.",
      severity: "error",
      from: { path: "^src/", pathNot: tests },
      to: { path: ["\\.test\\.ts$", "^(tests|bench|examples|scripts)/"] },
    },
    {
      name: "resolvable",
      comment: "Every import is found.",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: "specify",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@manta-serve/source", "import", "node", "default"],
    },
  },
};
