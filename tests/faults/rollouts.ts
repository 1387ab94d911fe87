// Redeploys under constant load: each changes the code, and now and then the code is broken. No request may fail; after a
// deploy that was waited for, the old version answers nothing any more (D2, D6, D7).
import { Clients } from "./clients.ts";
import type { Instance } from "./instance.ts";
import { Ledger } from "./ledger.ts";
import { CONDITIONS } from "./versions.ts";

export interface RolloutFigures {
  readonly redeploys: number;
  readonly broken: number;
  readonly sent: number;
  readonly answered: number;
  readonly versions: number;
  /** What must not be; empty when all is well. */
  readonly problems: readonly string[];
}

/** Answers that must come between two redeploys, so that each of them is under load. */
const ANSWERS_BETWEEN = 20;

const LIMIT_MS = 30_000;

/**
 * @param redeploys how many versions follow the first; after every fourth of them a broken one is tried
 * @param firstVersion versions below it are taken
 */
export async function proveRollouts(instance: Instance, redeploys: number): Promise<RolloutFigures> {
  const ledger = new Ledger();
  const clients = new Clients(ledger);
  const problems: string[] = [];
  let version = 1;
  let broken = 0;
  const good = new Set([version]);
  await instance.deploy("rolled", instance.versions.write(version), true);
  clients.http("http", `${instance.url.replace(/\/$/, "")}/rolled`, 4);
  await clients.handle("rolled", 1);
  const goOn = async (): Promise<void> => {
    const before = ledger.answered;
    await instance.until(async () => ledger.answered >= before + ANSWERS_BETWEEN, "answers come", LIMIT_MS);
  };
  await goOn();
  for (let n = 1; n <= redeploys; n++) {
    const from = ledger.sent.length;
    const old = Math.max(...good);
    good.add(++version);
    await instance.deploy("rolled", instance.versions.write(version), true);
    const deployedMs = ledger.now();
    await goOn();
    const during = ledger.sent.slice(from).filter(({ outcome }) => outcome.kind === "answered");
    const late = during.filter(({ startMs, outcome }) => startMs > deployedMs && versionOf(outcome) !== version);
    if (late.length > 0)
      problems.push(`after the deploy of ${version} ${late.length} requests reached another version`);
    const seen = new Set(during.map(({ outcome }) => versionOf(outcome)));
    if (!seen.has(old) || !seen.has(version))
      problems.push(`redeploy ${n}: not both of ${old} and ${version} answered`);
    if (n % 4 === 0) {
      const condition = CONDITIONS[1 + ((n / 4 - 1) % (CONDITIONS.length - 1))] ?? "throws";
      await tryBroken(instance, ++version, condition, goOn);
      broken++;
    }
  }
  await clients.stop();
  problems.push(...ledger.problems(good));
  await instance.ask("delete", { name: "rolled" });
  const { sent, answered } = { sent: ledger.sent.length, answered: ledger.answered };
  const versions = new Set(ledger.sent.map(({ outcome }) => versionOf(outcome))).size;
  return { redeploys, broken, sent, answered, versions, problems };
}

/** Deploys what cannot serve, and waits until it is given up; one that hangs is left to the next deploy. */
async function tryBroken(
  instance: Instance,
  version: number,
  condition: (typeof CONDITIONS)[number],
  goOn: () => Promise<void>,
): Promise<void> {
  await instance.deploy("rolled", instance.versions.write(version, condition), false);
  const wanted = condition === "hangs" ? "DEPLOYING" : "DEPLOY_FAILED";
  await instance.until(
    async () => (await instance.status()).applications["rolled"]?.status === wanted,
    `${condition}: ${wanted}`,
    LIMIT_MS,
  );
  await goOn();
}

function versionOf(outcome: Ledger["sent"][number]["outcome"]): number {
  return outcome.kind === "answered" ? outcome.answer.version : 0;
}
