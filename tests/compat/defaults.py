# Every field of Ray Serve's config files with its default, as JSON on standard output: {object: {field: default}}. A
# field that must be given is "required". Runs in .venv-compat, where Ray is.
import json
import sys
import warnings

warnings.filterwarnings("ignore")
from pydantic_core import PydanticUndefined
from ray.serve._private.config import DeploymentConfig
from ray.serve.config import (
    AutoscalingConfig,
    AutoscalingPolicy,
    BackpressureConfig,
    ControllerOptions,
    DeploymentActorConfig,
    GangSchedulingConfig,
    RequestRouterConfig,
)
from ray.serve.schema import (
    DeploymentSchema,
    HTTPOptionsSchema,
    LoggingConfig,
    RayActorOptionsSchema,
    ServeApplicationSchema,
    ServeDeploySchema,
    TracingConfig,
    gRPCOptionsSchema,
)


def plain(value):
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return getattr(value, "value", value)


def defaults_of(model):
    fields = {}
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        fields[name] = "required" if default is PydanticUndefined else plain(default)
    return fields


# The file says "as in the code" for every option of a deployment; the code's own defaults stand here instead.
deployment = defaults_of(DeploymentSchema)
in_code = defaults_of(DeploymentConfig)
deployment = {name: in_code.get(name) if name != "name" else "required" for name in deployment}

json.dump(
    {
        "configFile": defaults_of(ServeDeploySchema),
        "http": defaults_of(HTTPOptionsSchema),
        "grpc": defaults_of(gRPCOptionsSchema),
        "controller": defaults_of(ControllerOptions),
        "logging": defaults_of(LoggingConfig),
        "tracing": defaults_of(TracingConfig),
        "fileApplication": defaults_of(ServeApplicationSchema),
        "deployment": deployment,
        "autoscaling": defaults_of(AutoscalingConfig),
        "autoscalingPolicy": defaults_of(AutoscalingPolicy),
        "backpressure": defaults_of(BackpressureConfig),
        "requestRouter": defaults_of(RequestRouterConfig),
        "resources": defaults_of(RayActorOptionsSchema),
        "gangScheduling": defaults_of(GangSchedulingConfig),
        "deploymentActor": defaults_of(DeploymentActorConfig),
    },
    sys.stdout,
)
