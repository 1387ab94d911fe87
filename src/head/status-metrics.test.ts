import { expect, it } from "vitest";
import type { ApplicationDetails } from "../model/status.ts";
import { formatExposition } from "../telemetry/exposition.ts";
import { statusMetrics } from "./status-metrics.ts";

it("shows statuses as Ray Serve's numbers (reference 2.7)", () => {
  const deployment = { statusTrigger: "UNSPECIFIED", message: "", targetNumReplicas: 1, replicas: [] } as const;
  const application: ApplicationDetails = {
    name: "shop",
    routePrefix: "/",
    status: "DEPLOYING",
    message: "",
    lastDeployedTimeS: 0,
    deployments: {
      Cart: { ...deployment, name: "Cart", status: "HEALTHY" },
      Till: { ...deployment, name: "Till", status: "UPDATING" },
    },
  };
  const page = formatExposition(statusMetrics({ applications: { shop: application } }));
  expect(page).toContain('ray_serve_application_status{application="shop"} 5');
  expect(page).toContain('ray_serve_deployment_status{deployment="Cart",application="shop"} 6');
  expect(page).toContain('ray_serve_deployment_status{deployment="Till",application="shop"} 3');
});
