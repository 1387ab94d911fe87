// The rooms of src/ and who may import whom: the table of docs/concepts/architecture.md as data.
// dependency-cruiser.config.js turns it into rules; a new room is a new line here.

export interface Room {
  /** A folder of src/ (`name/`) or one file. */
  readonly path: string;
  /** Imports go to lower layers only. */
  readonly layer: number;
  /** Paths of the same layer, or of a neighbour, that this room may import as well. */
  readonly sideways?: readonly string[];
}

/** First match wins, so that a file stands above the folder that holds it. */
export const rooms: readonly Room[] = [
  { path: "src/core/", layer: 0 },

  { path: "src/telemetry/", layer: 1 },
  { path: "src/config/", layer: 1 },
  {
    path: "src/model/",
    layer: 1,
    sideways: [
      "src/config/options.generated.ts",
      "src/config/config-types.ts",
      "src/config/names.ts",
      "src/config/priorities.ts",
    ],
  },

  { path: "src/protocol/", layer: 2 },
  { path: "src/transport/", layer: 2, sideways: ["src/protocol/"] },
  { path: "src/engine/", layer: 2 },
  { path: "src/batching/", layer: 2 },

  // The two roots among the rooms of layer 3: they wire a program together, so they stand where `head/` stands.
  { path: "src/proxy/main.ts", layer: 5 },
  { path: "src/replica/main.ts", layer: 5 },

  { path: "src/api/", layer: 3 },
  { path: "src/autoscaling/", layer: 3 },
  { path: "src/controller/", layer: 3, sideways: ["src/autoscaling/"] },
  { path: "src/router/", layer: 3 },
  { path: "src/proxy/", layer: 3, sideways: ["src/router/"] },
  { path: "src/replica/", layer: 3, sideways: ["src/router/", "src/api/"] },
  { path: "src/admin/", layer: 3, sideways: ["src/controller/"] },

  // Engines never import one another: each is a room of its own.
  { path: "src/engines/local/", layer: 4 },
  { path: "src/engines/memory/", layer: 4 },

  { path: "src/head/", layer: 5 },
  { path: "src/builder/", layer: 5 },
  { path: "src/policy/", layer: 5 },
  { path: "src/supervisor/", layer: 5 },
  // Attached, the driver is the head's supervisor.
  { path: "src/serve/", layer: 5, sideways: ["src/supervisor/"] },

  { path: "src/cli/", layer: 6 },
  { path: "src/testing/", layer: 6 },

  { path: "src/index.ts", layer: 7 },
];

/** Statically, the package's main file loads these only; the driver comes by `import()`. */
export const indexMayImport: readonly string[] = ["src/api/", "src/core/"];

/**
 * Deciding is apart from doing: these import no `node:` module, no package, no clock and no logger. A `Random` may be an
 * argument; that nobody takes the system's is held by the linter.
 */
export const pureFiles: readonly string[] = [
  "^src/model/",
  "^src/autoscaling/",
  "/decide/",
  "/decide-[^/]*$",
  "/choose-[^/]*$",
  "^src/router/admission[^/]*$",
  "/frame\\.ts$",
  "/route-table\\.ts$",
];

/** What a pure file must not import from core/. */
export const impureCore: readonly string[] = ["src/core/clock.ts", "src/core/logger.ts", "src/core/tick.ts"];

/** The only folder that imports zod. No program loads it: what programs need is generated from it. */
export const zodFolder = "src/config/schema/";
export const mayLoadSchema: readonly string[] = [zodFolder];
