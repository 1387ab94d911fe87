// A config file as data: Ray Serve's shape and names (reference 2.1 to 2.4), set fields only, values already in their
// types. What a PUT or `manta deploy` accepted, kept and echoed as it was sent. Types only.

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Who an option comes from: nobody, the code, the config's entry for the deployment, or its application. */
export type OptionOrigin = "default" | "code" | "file" | "application";

/** One override of a deployment's options: Ray's DeploymentSchema. A field that is absent means "as in the code". */
export interface DeploymentConfig extends JsonObject {
  readonly name: string;
}

/** One application of a config file: Ray's ServeApplicationSchema. */
export interface ApplicationConfig extends JsonObject {
  readonly name?: string;
  readonly route_prefix?: string | null;
  readonly import_path: string;
  readonly runtime_env?: JsonObject;
  readonly args?: JsonObject;
  readonly deployments?: readonly DeploymentConfig[];
  readonly autoscaling_policy?: JsonObject | null;
  readonly logging_config?: JsonObject | null;
  readonly external_scaler_enabled?: boolean;
}

/** A whole config file: Ray's ServeDeploySchema. */
export interface ServeConfig extends JsonObject {
  readonly proxy_location?: "Disabled" | "HeadOnly" | "EveryNode";
  readonly http_options?: JsonObject;
  readonly grpc_options?: JsonObject;
  readonly controller_options?: JsonObject | null;
  readonly logging_config?: JsonObject | null;
  readonly tracing_config?: JsonObject | null;
  readonly applications: readonly ApplicationConfig[];
  /** 0 to 100; null and absent: all of it. */
  readonly target_capacity?: number | null;
}
