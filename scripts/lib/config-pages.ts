// Writes what is generated from the shape of config files (src/config/document.ts): the JSON Schema for editors, and the
// reference page. Text only; scripts/docs-gen.ts formats, writes and compares the files.
//   R1  The schema says what a file should look like. Manta takes more, as Ray does: `"8000"` for a port.
//   R2  What a deployment's entry does not say is as in code, so that its fields have no default.
import path from "node:path";
import { expectedOf } from "../../src/config/check-rule.ts";
import { objectOf, type DocumentField, type DocumentObject } from "../../src/config/document.ts";
import type { OptionRule } from "../../src/config/option-facts.ts";
import { readConfigFile } from "../../src/config/read-config-file.ts";
import { configFileSchema } from "../../src/config/schema/config-file.ts";
import { describeGroup } from "../../src/config/schema/describe.ts";
import { optionGroups } from "../../src/config/schema/groups.ts";
import { root } from "./root.ts";

/** The whole text of one of the two files. */
export function generate(file: string): string {
  return file.endsWith(".json") ? JSON.stringify(configSchema(), null, 2) : configPage();
}

/** All objects of a config file, each before those inside it. */
function objects(): readonly DocumentObject[] {
  const found = new Map<string, DocumentObject>();
  const add = (object: DocumentObject): void => {
    if (found.has(object.group)) return;
    found.set(object.group, object);
    for (const field of object.fields.values()) if (field.object !== undefined) add(field.object);
  };
  add(objectOf("configFile", describeGroup(configFileSchema)));
  return [...found.values()];
}

type Schema = Readonly<Record<string, unknown>>;

/** `manta.schema.json` (R1). */
export function configSchema(): Schema {
  const [file, ...inner] = objects();
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Manta config file",
    ...(file === undefined ? {} : objectSchema(file)),
    definitions: Object.fromEntries(inner.map((object) => [object.group, objectSchema(object)])),
  };
}

function objectSchema(object: DocumentObject): Schema {
  const fields = [...object.fields];
  const required = fields.filter(([, { facts }]) => facts.required).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(fields.map(([name, field]) => [name, fieldSchema(object, field)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: object.unknownKeys === "keep",
  };
}

function fieldSchema(object: DocumentObject, field: DocumentField): Schema {
  const { facts } = field;
  const fallback = defaultOf(object, field);
  const schema = ruleSchema(facts.rule, field.object);
  return {
    description: facts.unit === null ? facts.text : `${facts.text} In ${facts.unit === "s" ? "seconds" : facts.unit}.`,
    ...(fallback === undefined ? {} : { default: fallback }),
    // Beside a reference other keys mean nothing in this version of JSON Schema.
    ...("$ref" in schema ? { allOf: [schema] } : schema),
  };
}

function defaultOf({ group }: DocumentObject, { facts, form }: DocumentField): unknown {
  return group === "deployment" ? undefined : (form.default ?? facts.default); // R2
}

function ruleSchema(rule: OptionRule, object: DocumentObject | undefined): Schema {
  switch (rule.kind) {
    case "boolean":
      return { type: "boolean" };
    case "json":
    case "signal":
      return {};
    case "string":
      return rule.pattern === undefined ? { type: "string" } : { type: "string", pattern: rule.pattern };
    case "number": {
      const { integer, min: minimum, above: exclusiveMinimum, max: maximum } = rule;
      const bounds = Object.entries({ minimum, exclusiveMinimum, maximum }).filter(([, bound]) => bound !== undefined);
      return { type: integer ? "integer" : "number", ...Object.fromEntries(bounds) };
    }
    case "exactly":
      return { const: rule.value };
    case "array":
      return { type: "array", items: ruleSchema(rule.items, object) };
    case "record":
      return {
        type: "object",
        propertyNames: ruleSchema(rule.keys, undefined),
        additionalProperties: ruleSchema(rule.values, undefined),
      };
    case "oneOf": {
      const values = rule.rules.flatMap((one) => (one.kind === "exactly" ? [one.value] : []));
      if (values.length === rule.rules.length) return { enum: values };
      return { anyOf: rule.rules.map((one) => ruleSchema(one, object)) };
    }
    case "group":
      return { $ref: `#/definitions/${object?.group ?? rule.group}` };
  }
}

/** Headings of the page, by group. */
const TITLES: Readonly<Record<string, string>> = {
  configFile: "The file",
  http: "http_options",
  grpc: "grpc_options",
  controller: "controller_options",
  controllerEnv: "runtime_env of controller_options",
  logging: "logging_config",
  tracing: "tracing_config",
  fileApplication: "One of applications",
  runtimeEnv: "runtime_env",
  autoscalingPolicy: "autoscaling_policy, and policy of autoscaling_config",
  deployment: "One of deployments",
  autoscaling: "autoscaling_config",
  backpressure: "backpressure_config",
  requestRouter: "request_router_config",
  resources: "ray_actor_options",
  fallback: "One of fallback_strategy",
  gangScheduling: "gang_scheduling_config",
  deploymentActor: "One of deployment_actors",
};

/** `docs/reference/config.md`. */
function configPage(): string {
  return [INTRODUCTION, ...objects().map(section), differences()].join("\n\n");
}

function section(object: DocumentObject): string {
  const hasDefaults = object.group !== "deployment"; // R2
  const columns = ["field", "value", ...(hasDefaults ? ["default"] : []), "in code", "what it does"];
  const rows = [...object.fields].map(([name, field]) => [
    `\`${name}\`${field.facts.required === true ? " (required)" : ""}`,
    valueCell(field),
    ...(hasDefaults ? [defaultCell(object, field)] : []),
    inCode(object, field),
    field.facts.text,
  ]);
  return [
    `## ${titleOf(object)}`,
    "",
    row(columns),
    row(columns.map(() => "---")),
    ...rows.map(row),
    ...note(object),
  ].join("\n");
}

function note({ unknownKeys, codeOnly }: DocumentObject): string[] {
  return [
    ...(unknownKeys === "refuse" ? ["\nAn unknown key is refused, as by Ray Serve."] : []),
    ...(unknownKeys === "keep"
      ? [
          "\nFurther keys of Ray (`conda`, `py_modules`, ...) are taken; an application that needs one is refused when it is built.",
        ]
      : []),
    ...[...codeOnly].map((name) => `\n\`${name}\` stands in code only.`),
  ];
}

function titleOf({ group }: DocumentObject): string {
  return TITLES[group] ?? group;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function valueCell({ facts, object }: DocumentField): string {
  const words = object === undefined ? expectedOf(facts) : objectCell(facts.rule, object);
  return facts.unit === null ? words : `${words} (${facts.unit})`;
}

function objectCell(rule: OptionRule, object: DocumentObject): string {
  if (rule.kind === "oneOf") return rule.rules.map((one) => objectCell(one, object)).join(" or ");
  if (rule.kind === "array") return `a list of ${objectCell(rule.items, object)}`;
  const anchor = titleOf(object)
    .toLowerCase()
    .replaceAll(/[^a-z_ ]/g, "")
    .replaceAll(" ", "-");
  return rule.kind === "group" ? `[${titleOf(object)}](#${anchor})` : "null";
}

function defaultCell(object: DocumentObject, field: DocumentField): string {
  const fallback = defaultOf(object, field);
  return fallback === undefined ? "" : `\`${JSON.stringify(fallback)}\``;
}

/** The option's name in TypeScript, where code has it. */
function inCode({ group }: DocumentObject, { option }: DocumentField): string {
  const fileOnly = optionGroups.find((one) => one.name === group)?.fileOnly === true;
  if (group === "fileApplication")
    return ["importPath", "args", "deployments"].includes(option ?? "") ? "" : `\`${option}\``;
  if (fileOnly && !(group === "configFile" && ["proxyLocation", "http", "loggingConfig"].includes(option ?? "")))
    return "";
  return option === null ? "`resources`, `runtimeEnv`" : `\`${option}\``;
}

interface Difference {
  readonly reason: string;
  readonly ours: string;
  readonly configs: readonly string[];
}

/** Where our verdict is another one than Ray's, from the list that `npm run test:compat` is held against. */
function differences(): string {
  const listed = readConfigFile(path.join(root, "tests/compat/differences.yaml")) as readonly Difference[];
  const rows = listed.flatMap(({ reason, ours, configs }) => {
    return configs.map((config) => {
      const [, where = "", text = ""] = /^(\w+) (.*)$/.exec(config) ?? [];
      return row([where, `\`${text}\``, ours === "late" ? "refused later" : ours, reason]);
    });
  });
  const columns = ["in", "config", "here", "why"];
  return [DIFFERENCES, "", row(columns), row(columns.map(() => "---")), ...rows].join("\n");
}

const INTRODUCTION = `# Config file

Generated from the schemas in \`src/config/schema/\` by \`npm run docs:gen\`. A config file says what an instance shall
run: \`manta deploy config.yaml\`, \`manta run config.yaml\`, \`serve.deploy("config.yaml")\`, or \`PUT
/api/serve/applications/\`. It is Ray Serve's, field by field, so a file written for Ray Serve 2.60 works unchanged.

\`\`\`yaml
applications:
  - name: shop
    route_prefix: /shop
    import_path: ./shop.ts:app
    deployments:
      - name: Model
        num_replicas: auto
        autoscaling_config: { max_replicas: 8 }
        ray_actor_options: { num_cpus: 2 }
\`\`\`

- The file is YAML as Python reads it (\`yes\` is true), or JSON. A key that stands twice is an error. An error names file,
  line and column, the path of the field, what was received and what was expected.
- A field that is left out of an entry of \`deployments\` is as the code says; \`null\` is a value. Taken out of the file
  again, the code's value holds again.
- Values are converted as Ray Serve converts them: \`"8000"\` is a port, \`"yes"\` is true. Durations are seconds.
- Unknown keys: \`manta deploy\` refuses them unless \`--allow-unknown-keys\` is given, REST takes the file and names them in
  the header \`x-manta-warnings\`, each with the nearest known key.
- A number in \`num_replicas\` ends autoscaling that the code asks for; \`autoscaling_config: null\` does, too.

## In an editor

The package holds a JSON Schema of the file, \`manta.schema.json\`. An editor with the YAML language server (VS Code with
the YAML extension, Neovim, JetBrains) completes and checks a file that begins with

\`\`\`yaml
# yaml-language-server: $schema=node_modules/manta-serve/manta.schema.json
\`\`\``;

const DIFFERENCES = `## Where Ray Serve decides otherwise

\`npm run test:compat\` puts Ray Serve's own classes beside Manta on more than 400 configs; the verdict is the same on all
but these. What Ray finds only when it deploys, Manta says at once where the file alone shows it.`;
