// Options of a running Manta: what `serve.start`, `serve.run` and the CLI take besides the application. HTTP names and
// defaults are Ray Serve's (reference 2.2); an instance that runs already keeps its own.
import { z } from "zod";
import { loggingSchema } from "./logging.ts";
import { optionDocs } from "./option-docs.ts";

const since = "0.1.0";
const port = (): z.ZodInt => z.int().min(0).max(65_535);
const file = (): z.ZodNullable<z.ZodString> => z.string().min(1).nullable();
const host = (): z.ZodString => z.string().min(1);

/** The proxy's HTTP server. */
export const httpSchema = z.strictObject({
  host: host()
    .default("127.0.0.1")
    .register(optionDocs, {
      text: "Address on which the proxy listens.",
      unit: null,
      update: "restart",
      rayName: "host",
      since,
      file: { default: "0.0.0.0" },
      expected: "a non-empty string",
    }),
  port: port().default(8000).register(optionDocs, {
    text: "Port on which the proxy listens; 0 picks a free one.",
    unit: null,
    update: "restart",
    rayName: "port",
    since,
  }),
  rootPath: z
    .string()
    .regex(/^(?:\/(?:.*[^/])?)?$/)
    .default("")
    .register(optionDocs, {
      text: "Path that a server in front of the proxy adds; it is cut off before the route is looked up.",
      unit: null,
      update: "restart",
      rayName: "root_path",
      since,
      expected: 'a path that starts with "/" and does not end with "/"; or ""',
    }),
  requestTimeoutS: z.number().nullable().default(null).register(optionDocs, {
    text: "Deadline of each HTTP request; null, 0 and below: none. The header `x-request-timeout-seconds` overrides it for one request.",
    unit: "s",
    update: "restart",
    rayName: "request_timeout_s",
    since,
  }),
  keepAliveTimeoutS: z.int().min(1).default(90).register(optionDocs, {
    text: "How long an idle connection is kept open.",
    unit: "s",
    update: "restart",
    rayName: "keep_alive_timeout_s",
    since,
  }),
  sslCertfile: file().default(null).register(optionDocs, {
    text: "Certificate of the server, PEM; with `sslKeyfile` the proxy speaks HTTPS. null: HTTP.",
    unit: null,
    update: "restart",
    rayName: "ssl_certfile",
    since,
    expected: "the path of a file: a non-empty string; or null",
  }),
  sslKeyfile: file().default(null).register(optionDocs, {
    text: "Private key of the certificate, PEM.",
    unit: null,
    update: "restart",
    rayName: "ssl_keyfile",
    since,
    expected: "the path of a file: a non-empty string; or null",
  }),
  sslKeyfilePassword: z.string().nullable().default(null).register(optionDocs, {
    text: "Password of the private key.",
    unit: null,
    update: "restart",
    rayName: "ssl_keyfile_password",
    since,
    secret: true,
  }),
  sslCaCerts: file().default(null).register(optionDocs, {
    text: "Certificates, PEM, one of which must have signed the client's; null: clients need none.",
    unit: null,
    update: "restart",
    rayName: "ssl_ca_certs",
    since,
    expected: "the path of a file: a non-empty string; or null",
  }),
  maxBodyBytes: z.int().min(0).nullable().default(null).register(optionDocs, {
    text: "Largest body of a request; above it the answer is 413. null: no limit.",
    unit: "bytes",
    update: "restart",
    rayName: null,
    since,
  }),
});

/** The head's admin server: REST and metrics. */
export const adminSchema = z.strictObject({
  host: host().default("127.0.0.1").register(optionDocs, {
    text: "Address on which the admin server listens. Any other than a loopback address needs a token.",
    unit: null,
    update: "restart",
    rayName: null,
    since,
    expected: "a non-empty string",
  }),
  port: port().default(8265).register(optionDocs, {
    text: "Port of the admin server; 0 picks a free one, and so does a taken port that nobody chose.",
    unit: null,
    update: "restart",
    rayName: null,
    since,
  }),
  token: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .optional()
    .register(optionDocs, {
      text: "Bearer token that the admin server asks for. Without it `MANTA_ADMIN_TOKEN`, else none.",
      unit: null,
      update: "restart",
      rayName: null,
      since,
      expected: "a non-empty string of printable ASCII characters without spaces",
      secret: true,
    }),
});

/** What `serve.start` takes. */
export const instanceSchema = z.strictObject({
  http: httpSchema.prefault({}).register(optionDocs, {
    text: "The proxy's HTTP server.",
    unit: null,
    update: "restart",
    rayName: "http_options",
    since,
  }),
  admin: adminSchema.prefault({}).register(optionDocs, {
    text: "The admin server: REST and metrics.",
    unit: null,
    update: "restart",
    rayName: null,
    since,
  }),
  proxyLocation: z.enum(["Disabled", "HeadOnly", "EveryNode"]).default("EveryNode").register(optionDocs, {
    text: "Which nodes run a proxy; `Disabled`: none, and no HTTP.",
    unit: null,
    update: "restart",
    rayName: "proxy_location",
    since,
  }),
  numCpus: z.number().min(0).nullable().default(null).register(optionDocs, {
    text: "CPUs of this machine that replicas may claim together; null: they are not counted.",
    unit: null,
    update: "restart",
    rayName: null,
    since,
  }),
  loggingConfig: loggingSchema.prefault({}).register(optionDocs, {
    text: "Logs of all programs of the instance.",
    unit: null,
    update: "restart",
    rayName: "logging_config",
    since,
  }),
  namespace: z
    .string()
    .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/)
    .optional()
    .register(optionDocs, {
      text: "Which instance of this machine; each has its own folder. Without it `MANTA_NAMESPACE`, else `default`.",
      unit: null,
      update: "restart",
      rayName: null,
      since,
      expected: '1 to 64 letters, digits, ".", "_" or "-", other than "." and ".."',
    }),
});
