import { expect, it } from "vitest";
import { applicationDetails, deploymentDetails } from "../../tests/fixtures/status.ts";
import { formatExposition } from "../telemetry/exposition.ts";
import { statusMetrics } from "./status-metrics.ts";

it("shows statuses as Ray Serve's numbers (reference 2.7)", () => {
  const deployments = {
    Cart: deploymentDetails({ name: "Cart" }),
    Till: deploymentDetails({ name: "Till", status: "UPDATING" }),
  };
  const application = applicationDetails({ name: "shop", status: "DEPLOYING", deployments });
  const page = formatExposition(statusMetrics({ applications: { shop: application } }));
  expect(page).toContain('ray_serve_application_status{application="shop"} 5');
  expect(page).toContain('ray_serve_deployment_status{deployment="Cart",application="shop"} 6');
  expect(page).toContain('ray_serve_deployment_status{deployment="Till",application="shop"} 3');
});
