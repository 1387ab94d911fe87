# Ray's own clients against a running Manta: the `serve` command, ServeInstanceDetails, KubeRay's calls (reference 1.6 to
# 1.8). Every reply of GET that is seen on the way is parsed by Ray's classes. Prints a line for each thing that held and
# ends with 1 at the first that did not.
#   python rest.py <admin url> <token or empty> <folder with app.ts>
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
import requests
import yaml
from ray.serve.schema import ServeInstanceDetails

ADMIN, TOKEN, APPS = sys.argv[1:4]
PATH = ADMIN + "/api/serve/applications/"
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
ENV = {**os.environ, "RAY_DASHBOARD_ADDRESS": ADMIN, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
ENV.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN} if TOKEN else {})
SKELETON = {"controller_info": {}, "proxies": {}, "applications": {}, "target_capacity": None}


def held(what):
    print(f"ok  {what}", flush=True)


def serve(*args, env=ENV):
    """Runs Ray's command; returns exit code, standard output, both outputs."""
    command = os.path.join(os.path.dirname(sys.executable), "serve")
    done = subprocess.run([command, *args], env=env, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stdout + done.stderr


def details(query=""):
    """GET, parsed by Ray's classes: nothing is refused, and nothing gets lost on the way."""
    response = requests.get(PATH + query, headers=HEADERS, timeout=10)
    assert response.status_code == 200, response.text
    body = response.json()
    parsed = json.loads(ServeInstanceDetails(**body).model_dump_json(exclude_unset=True))
    lost = differences(body, parsed)
    assert not lost, f"Ray's classes read otherwise: {lost}"
    return body


def differences(ours, theirs, path=""):
    """Where two JSON values differ; keys that a config echo has beyond Ray's schema are none of them."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        # Ray's echo of what was sent drops what its schema ignores: runtime_env and user_config are free dicts.
        return [d for k in ours for d in differences(ours[k], theirs.get(k, "(missing)"), f"{path}.{k}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [d for i in range(len(ours)) for d in differences(ours[i], theirs[i], f"{path}[{i}]")]
    return [] if ours == theirs else [f"{path}: {ours!r} -> {theirs!r}"]


def until(check, what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        body = details()
        if check(body):
            return body
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}; {json.dumps(body)}")


def status_is(name, status):
    return until(lambda body: body["applications"].get(name, {}).get("status") == status, f"{name} {status}")


def deploy(applications, **rest):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"applications": applications, **rest}, file)
        file.flush()
        code, _, out = serve("deploy", file.name)
    assert code == 0 and "Sent deploy request successfully." in out, out


def app(name, export="app", **rest):
    return {"name": name, "route_prefix": f"/{name}", "import_path": f"{APPS}/app.ts:{export}", **rest}


def check_command():
    assert details()["applications"] == {}
    held("GET without applications is parsed")
    override = {"name": "Ingress", "max_ongoing_requests": 7, "user_config": None}
    env = {"env_vars": {"A_Key": "1"}}
    deploy([app("one", runtime_env=env, deployments=[override])])
    body = status_is("one", "RUNNING")
    one = body["applications"]["one"]
    assert one["deployed_app_config"]["deployments"] == [override], one
    assert one["deployed_app_config"]["runtime_env"] == env, one
    held("serve deploy deploys; every reply on the way to RUNNING is parsed")
    code, out, _ = serve("status")
    shown = yaml.safe_load(out)
    assert code == 0 and shown["proxies"] == {"local": "HEALTHY"} and shown["target_capacity"] is None, out
    assert shown["applications"]["one"]["status"] == "RUNNING", out
    ingress = shown["applications"]["one"]["deployments"]["Ingress"]
    assert ingress["status"] == "HEALTHY" and ingress["replica_states"] == {"RUNNING": 1}, out
    code, out, _ = serve("status", "-n", "one")
    assert code == 0 and yaml.safe_load(out)["status"] == "RUNNING", out
    held("serve status shows it, whole and by name")
    code, out, _ = serve("config")
    assert code == 0 and yaml.safe_load(out) == app("one", runtime_env=env, deployments=[override]), out
    held("serve config prints what was deployed")


def check_changes():
    scaled = {"name": "Model", "autoscaling_config": {"min_replicas": 1, "max_replicas": 3}}
    deploy([app("one", deployments=[scaled]), app("bad", "broken")], target_capacity=50)
    body = status_is("bad", "DEPLOY_FAILED")
    assert "no weights here" in body["applications"]["bad"]["message"], body
    held("a failed application's reply is parsed, and says why")
    body = until(lambda b: "autoscaling_config" in config_of(b, "Model"), "Model scales")
    assert config_of(body, "Model")["autoscaling_config"]["max_replicas"] == 3 and body["target_capacity"] == 50
    held("so are autoscaling and target capacity")
    deploy([app("one")])
    body = until(lambda b: list(b["applications"]) == ["one"], "bad is gone")
    assert "autoscaling_config" not in config_of(status_is("one", "RUNNING"), "Model")
    held("an application that the next file leaves out is deleted; an option that it leaves out is the code's again")
    pid = body["applications"]["one"]["deployments"]["Model"]["replicas"][0]["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda b: dead_of(b) and [r["state"] for r in model(b)["replicas"]] == ["RUNNING"], "a replica is replaced")
    held("a replica that died is among recent_dead_replicas, and replaced")


def model(body):
    return body["applications"]["one"]["deployments"]["Model"]


def config_of(body, name):
    return body["applications"]["one"]["deployments"].get(name, {}).get("deployment_config", {})


def dead_of(body):
    return [r for r in model(body)["recent_dead_replicas"] if r["state"] == "STOPPED"]


def check_import_path():
    code, _, out = serve("deploy", f"{APPS}/app.ts:greet", "word=hello", "--name", "greet")
    assert code == 0, out
    body = status_is("greet", "RUNNING")
    assert body["applications"]["greet"]["deployed_app_config"]["args"] == {"word": "hello"}, body
    port = body["target_groups"][0]["targets"][0]["port"]
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=10).text == "hello"
    held("serve deploy takes an import path and arguments")


def check_refusals():
    response = requests.put(PATH, json={"applications": [{"name": "x"}]}, headers=HEADERS, timeout=10)
    assert response.status_code == 400 and "import_path" in response.text, response.text
    browser = {**HEADERS, "User-Agent": "Mozilla/5.0"}
    response = requests.put(PATH, json={"applications": []}, headers=browser, timeout=10)
    assert response.status_code == 405 and "not allowed for browser traffic" in response.text
    assert list(details()["applications"]) == ["greet"]
    held("what is refused changes nothing")


def check_kuberay():
    """The calls of KubeRay's operator (reference 1.8)."""
    auth = {"x-ray-authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    config = json.dumps({"applications": [app("kube"), app("one")]})
    headers = {"Content-Type": "application/json", **auth}
    assert requests.put(PATH, data=config, headers=headers, timeout=10).status_code // 100 == 2
    status_is("kube", "RUNNING")
    body = requests.get(PATH, params={"api_type": "declarative"}, headers=auth, timeout=10).json()
    kube = body["applications"]["kube"]
    fields = ("name", "status", "message", "route_prefix", "docs_path", "deployments")
    assert all(field in kube for field in fields) and "target_capacity" in body
    target = body["target_groups"][0]["targets"][0]
    assert requests.get(f"http://{target['ip']}:{target['port']}/-/healthz", timeout=10).text == "success"
    for path in ("/api/gcs_healthz", "/api/local_raylet_healthz"):
        assert requests.get(ADMIN + path, timeout=10).text == "success"
    assert requests.get(ADMIN + "/api/healthz", timeout=10).status_code == 200
    held("KubeRay's calls and probes are answered")


def check_folders():
    """A local working_dir, which Ray's own command would not send: its classes parse the reply nevertheless."""
    code, serving = {"import_path": "app.ts:greet"}, []
    for folder in (APPS, os.path.relpath(APPS)):
        config = {"applications": [{**app("here"), **code, "runtime_env": {"working_dir": folder}}]}
        response = requests.put(PATH, json=config, headers=HEADERS, timeout=10)
        assert response.status_code == 200, response.text
        body = status_is("here", "RUNNING")
        serving.append(body["applications"]["here"]["deployed_app_config"].get("runtime_env"))
    assert serving == [{"working_dir": f"local://{APPS}"}, {}], serving
    held("a working_dir that is a folder is parsed")


def check_scale():
    deploy([app("one", external_scaler_enabled=True)])
    status_is("one", "RUNNING")
    url = f"{ADMIN}/api/v1/applications/one/deployments/Model/scale"
    response = requests.post(url, json={"target_num_replicas": 2}, headers=HEADERS, timeout=10)
    assert response.status_code == 200, response.text
    until(lambda b: [r["state"] for r in model(b)["replicas"]] == ["RUNNING"] * 2, "two replicas")
    held("an external scaler's order is carried out; every reply on the way is parsed")


def check_shutdown():
    code, _, out = serve("shutdown", "-y")
    assert code == 0 and "Sent shutdown request" in out, out
    assert details() == SKELETON
    code, out, _ = serve("status")
    assert code == 0 and yaml.safe_load(out)["applications"] == {}, out
    code, _, out = serve("shutdown", "-y")
    assert code == 0 and "No Serve instance found running" in out, out
    held("serve shutdown removes everything; the next one finds no instance")
    deploy([app("one")])
    status_is("one", "RUNNING")
    held("and serve deploy starts again")
    assert requests.delete(PATH, headers=HEADERS, timeout=60).status_code == 200


def check_token():
    missing = {**ENV, "RAY_AUTH_MODE": "disabled"}
    missing.pop("RAY_AUTH_TOKEN")
    code, _, out = serve("status", env=missing)
    assert "401" in out or "Unauthorized" in out, out
    code, _, out = serve("status", env={**ENV, "RAY_AUTH_TOKEN": "x" * 20})
    assert "403" in out or "Invalid authentication token" in out, out
    code, _, out = serve("status")
    assert code == 0, out
    held("Ray's command comes in with the token, and only with it")


if TOKEN:
    check_token()
    check_kuberay()
else:
    check_command()
    check_changes()
    check_import_path()
    check_refusals()
    check_kuberay()
    check_folders()
    check_scale()
    check_shutdown()
