# Ray Serve's own verdict on each line of configs.yaml, as JSON on standard output:
#   accepted   the file is taken, and an application of its deployments could be deployed
#   early      ServeDeploySchema refuses it: PUT answers 400, `serve deploy` sends nothing
#   late       it is taken, and then the application becomes DEPLOY_FAILED
# Runs in .venv-compat, where Ray is; uses what Ray itself runs, and starts no Ray.
import json
import re
import sys
import warnings

warnings.filterwarnings("ignore")
import yaml
from ray.runtime_env import RuntimeEnv
from ray.serve._private.application_state import override_deployment_info
from ray.serve._private.config import DeploymentConfig, ReplicaConfig
from ray.serve._private.deployment_info import DeploymentInfo
from ray.serve.config import AutoscalingPolicy
from ray.serve.schema import ServeDeploySchema


class Code:
    """The code of every deployment: it sets no option."""


def new_info():
    return DeploymentInfo(
        deployment_config=DeploymentConfig(),
        replica_config=ReplicaConfig.create(Code),
        start_time_ms=0,
        deployer_job_id="",
        route_prefix="/",
    )


def document_of(section, line):
    case = yaml.safe_load(line)
    if section == "file":
        return case
    if section == "deployment":
        return {"applications": [{"import_path": "x:app", "deployments": [{"name": "D", **case}]}]}
    return {"applications": [{"import_path": "x:app", **case}]}


def verdict_on(document):
    try:
        config = ServeDeploySchema.model_validate(document)
    except Exception as error:
        return "early", error
    try:
        for application in config.applications:
            if "env_vars" in application.runtime_env:
                RuntimeEnv(env_vars=application.runtime_env["env_vars"])
            if application.autoscaling_policy is not None:
                AutoscalingPolicy(**application.autoscaling_policy)
            infos = {name: new_info() for name in application.deployment_names}
            override_deployment_info(infos, application)
    except Exception as error:
        return "late", error
    return "accepted", None


def main(path):
    verdicts, section = [], None
    for line in open(path, encoding="utf-8").read().splitlines():
        if line.startswith("  - "):
            verdict, error = verdict_on(document_of(section, line[4:]))
            reason = "" if error is None else reason_of(error)
            verdicts.append({"section": section, "config": line[4:], "ray": verdict, "reason": reason})
        elif re.fullmatch(r"\w+:", line):
            section = line[:-1]
    json.dump(verdicts, sys.stdout)


def reason_of(error):
    """What Ray says, on one line, without what differs from run to run."""
    if hasattr(error, "errors"):
        first = error.errors()[0]
        return f"{'.'.join(str(key) for key in first['loc'])}: {first['msg']}"[:160]
    return f"{type(error).__name__}: {error}".splitlines()[0][:160]


main(sys.argv[1])
