// Autoscaling policies: functions and classes, with the types of their kwargs; of a deployment and of an application.
import { expectTypeOf } from "vitest";
import { type AutoscalingContext, autoscalingPolicy, type AutoscalingPolicyOptions } from "manta-serve";

const byLoad = ({ totalNumRequests }: AutoscalingContext, { share }: { share: number }) => totalNumRequests / share;
expectTypeOf(autoscalingPolicy(byLoad, { share: 2 })).toEqualTypeOf<AutoscalingPolicyOptions>();
// @ts-expect-error the share is a number
autoscalingPolicy(byLoad, { share: "2" });

class Kept {
  readonly #most: number;
  constructor({ most }: { most: number }) {
    this.#most = most;
  }
  decide(context: AutoscalingContext) {
    return [this.#most, { seen: context.currentTime }] as const;
  }
}
autoscalingPolicy(Kept, { most: 3 });
// @ts-expect-error the class has another option
autoscalingPolicy(Kept, { least: 3 });

autoscalingPolicy((context) => {
  expectTypeOf(context).toEqualTypeOf<AutoscalingContext>();
  return context.targetNumReplicas;
});
autoscalingPolicy(async () => 3);
// @ts-expect-error a text is no number of replicas
autoscalingPolicy(() => "many");

autoscalingPolicy(function all(contexts: Readonly<Record<string, AutoscalingContext>>) {
  return Object.fromEntries(Object.keys(contexts).map((name) => [name, 1]));
});
