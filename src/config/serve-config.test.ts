import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { deploymentConfigOf, parseServeConfig } from "./serve-config.ts";

const app = (fields: object) => ({ applications: [{ import_path: "./app.ts:app", ...fields }] });
const deployment = (fields: object) => app({ deployments: [{ name: "D", ...fields }] });
const AT = "applications[0].deployments[0]";
const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

describe("parseServeConfig", () => {
  it("keeps what was set, in its types, and nothing else", () => {
    const document = {
      proxy_location: "HeadOnly",
      http_options: { port: "8080", max_body_bytes: 10 },
      target_capacity: "50",
      applications: [
        {
          name: "a",
          route_prefix: null,
          import_path: "./app.ts:app",
          external_scaler_enabled: "no",
          args: { size: "1" },
          deployments: [
            {
              name: "D",
              max_ongoing_requests: "7",
              autoscaling_config: { max_replicas: "4", aggregation_function: "MEAN" },
              logging_config: { log_level: 10, additional_log_standard_attrs: ["name", "name"] },
              user_config: { threshold: "1" },
              ray_actor_options: { num_cpus: "0.5", runtime_env: { env_vars: { A: "1" }, conda: "x" } },
            },
          ],
        },
      ],
    };
    const before = structuredClone(document);
    const { config, warnings } = parseServeConfig(document);
    expect(document).toEqual(before);
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      proxy_location: "HeadOnly",
      http_options: { port: 8080, max_body_bytes: 10 },
      target_capacity: 50,
      applications: [
        {
          name: "a",
          route_prefix: null,
          import_path: "./app.ts:app",
          external_scaler_enabled: false,
          args: { size: "1" },
          deployments: [
            {
              name: "D",
              max_ongoing_requests: 7,
              autoscaling_config: { max_replicas: 4, aggregation_function: "mean" },
              logging_config: { log_level: "DEBUG", additional_log_standard_attrs: ["name"] },
              user_config: { threshold: "1" },
              ray_actor_options: { num_cpus: 0.5, runtime_env: { env_vars: { A: "1" }, conda: "x" } },
            },
          ],
        },
      ],
    });
  });

  it("warns of unknown keys with the nearest known one, and leaves them out (R3)", () => {
    const { config, warnings } = parseServeConfig({
      ...deployment({
        num_replica: 2,
        version: "1",
        max_constructor_retry_count: 3,
        autoscaling_config: { maxreplicas: 2 },
      }),
      zzz: 1,
    });
    expect(config).toEqual(deployment({ autoscaling_config: {} }));
    expect(warnings).toEqual([
      `${AT}.num_replica: unknown key; did you mean num_replicas?`,
      `${AT}.version: unknown key`,
      `${AT}.max_constructor_retry_count: ignored, because only code can set it`,
      `${AT}.autoscaling_config.maxreplicas: unknown key; did you mean max_replicas?`,
      "zzz: unknown key",
    ]);
  });

  it.each<[unknown, string]>([
    [[], "config: received an array, expected an object"],
    [{}, "applications: received nothing, expected a list, each item an object"],
    [{ applications: null }, "applications: received null, expected a list, each item an object"],
    [{ applications: ["x"] }, 'applications[0]: received "x" (string), expected an object'],
    [
      { applications: [], proxy_location: "NoServer" },
      'proxy_location: received "NoServer" (string), expected "Disabled" or "HeadOnly" or "EveryNode"',
    ],
    [
      { applications: [], target_capacity: 101 },
      "target_capacity: received 101 (number), expected a number from 0 to 100 or null",
    ],
    [
      { applications: [], http_options: { port: "x" } },
      'http_options.port: received "x" (string), expected an integer from 0 to 65535',
    ],
    [
      { applications: [], http_options: { ssl_certfile: "a.pem" } },
      'http_options.ssl_certfile: received "a.pem" (string), expected both ssl_certfile and ssl_keyfile, or neither',
    ],
    [
      { applications: [], logging_config: { encodin: "JSON" } },
      "logging_config.encodin: received an unknown key, expected one of encoding, log_level, logs_dir, enable_access_log, additional_log_standard_attrs; did you mean encoding?",
    ],
    [
      { applications: [], logging_config: { additional_log_standard_attrs: ["nam"] } },
      'logging_config.additional_log_standard_attrs[0]: received "nam" (string), expected "args" or "asctime"',
    ],
    [app({ host: "x" }), 'applications[0].host: received "x" (string), expected nothing: host belongs to http_options'],
    [
      app({ import_path: "a:b:c" }),
      'applications[0].import_path: received "a:b:c" (string), expected a module and an export',
    ],
    [
      app({ route_prefix: "a" }),
      'applications[0].route_prefix: received "a" (string), expected a path that starts with "/"',
    ],
    [
      { applications: [{ import_path: "a:b" }, { import_path: "c:d" }] },
      'applications[1].name: received "default" (string), expected another one than applications[0] has',
    ],
    [
      { applications: [{ import_path: "a:b" }, { import_path: "c:d", name: "x" }] },
      'applications[1].route_prefix: received "/" (string), expected another one than applications[0] has',
    ],
    [
      app({ external_scaler_enabled: true, deployments: [{ name: "A" }, { name: "B", num_replicas: "auto" }] }),
      "applications[0].external_scaler_enabled: received true, but deployments[1] (B) scales by itself, expected false",
    ],
    [
      deployment({ num_replicas: "3" }),
      `${AT}.num_replicas: received "3" (string), expected an integer >= 1 or "auto" or null`,
    ],
    [
      deployment({ num_replicas: 3, autoscaling_config: {} }),
      `${AT}.num_replicas: received 3 (number), expected no number, or "auto", beside autoscaling_config`,
    ],
    [
      deployment({ autoscaling_config: { min_replicas: 3 } }),
      `${AT}.autoscaling_config.max_replicas: received 1 (number), expected an integer >= min_replicas (3)`,
    ],
    [
      deployment({ user_config: [] }),
      `${AT}.user_config: received an array, expected an object whose values are JSON data`,
    ],
    [
      deployment({ max_queued_requests: "5" }),
      `${AT}.max_queued_requests: received "5" (string), expected -1 or an integer >= 1`,
    ],
    [
      deployment({ max_ongoing_requests: "0" }),
      `${AT}.max_ongoing_requests: received "0" (string), expected an integer >= 1`,
    ],
    [
      deployment({ placement_group_bundles: [{ CPU: 1 }], max_replicas_per_node: 2 }),
      `${AT}.max_replicas_per_node: received 2 (number), expected nothing beside placement_group_bundles`,
    ],
    [
      deployment({ gang_scheduling_config: {} }),
      `${AT}.gang_scheduling_config.gang_size: received nothing, expected an integer >= 1`,
    ],
    [
      deployment({ ray_actor_options: { label_selector: { "a b": "x" } } }),
      `${AT}.ray_actor_options.label_selector["a b"]: received the name "a b"`,
    ],
  ])("refuses %j", (document, message) => {
    expect(() => parseServeConfig(document)).toThrow(ConfigError);
    expect(() => parseServeConfig(document)).toThrow(message);
  });

  it.each([
    [app({ args: { deep: nested(600) } }), "applications[0].args.deep"],
    [deployment({ user_config: { deep: nested(101) } }), `${AT}.user_config.deep`],
  ])("refuses data that no stack would bear, case %#", (document, path) => {
    expect(() => parseServeConfig(document)).toThrow(
      `${path}: received data nested deeper than 100 levels, expected JSON`,
    );
  });

  it("never shows a secret", () => {
    const document = { applications: [], http_options: { ssl_keyfile_password: ["hunter2"] } };
    expect(() => parseServeConfig(document)).toThrow(
      "http_options.ssl_keyfile_password: received an array, expected a string or null",
    );
  });

  it("throws nothing but ConfigError, whatever it is given, and takes its own result", () => {
    const keys = [
      "applications",
      "http_options",
      "deployments",
      "import_path",
      "name",
      "num_replicas",
      "autoscaling_config",
      "min_replicas",
      "ray_actor_options",
      "logging_config",
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("a:b", "auto", 1, "2", null, true, 0.5),
        tie("list"),
        tie("object"),
      ),
      list: fc.array(tie("tree"), { maxLength: 3 }),
      object: fc.dictionary(fc.constantFrom(...keys), tie("tree"), { maxKeys: 4 }),
    }));
    const document = fc.record({
      applications: fc.array(fc.oneof(tree, fc.record({ import_path: fc.constant("a:b"), deployments: tree }))),
      logging_config: tree,
    });
    fc.assert(
      fc.property(document, (given) => {
        try {
          const { config } = parseServeConfig(given);
          expect(parseServeConfig(config)).toEqual({ config, warnings: [] });
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

it("puts several entries of one deployment together, the later field over the earlier", () => {
  const [application] = parseServeConfig(
    app({
      deployments: [
        { name: "D", num_replicas: 2, max_ongoing_requests: 3 },
        { name: "E" },
        { name: "D", num_replicas: 4 },
      ],
    }),
  ).config.applications;
  if (application === undefined) throw new Error("no application");
  expect(deploymentConfigOf(application, "D")).toEqual({ name: "D", num_replicas: 4, max_ongoing_requests: 3 });
  expect(deploymentConfigOf(application, "F")).toBeUndefined();
});
