// T6: ten deployments, called side by side (`/fan?calls=10`) or each by the one before it (`/chain?calls=10`).
// The answer counts the calls that were made.
import { deployment, type Application, type Handle } from "manta-serve";

class Link {
  readonly #next: Handle<Link> | undefined;

  constructor(next?: Handle<Link>) {
    this.#next = next;
  }

  async pass(calls: number): Promise<number> {
    if (calls === 1 || this.#next === undefined) return 1;
    return 1 + (await this.#next.pass(calls - 1));
  }
}

class Ingress {
  readonly #links: Handle<Link>[];

  constructor(links: Handle<Link>[]) {
    this.#links = links;
  }

  async fetch(request: Request) {
    const { pathname, searchParams } = new URL(request.url);
    const calls = Number(searchParams.get("calls"));
    const called = pathname === "/fan" ? this.#links.slice(0, calls) : this.#links.slice(0, 1);
    const each = pathname === "/fan" ? 1 : calls;
    const counts = await Promise.all(called.map((link) => link.pass(each)));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

const options = { maxOngoingRequests: 200 };
const LinkDeployment = deployment(Link, options);

function chain(length: number): Application<Link>[] {
  const links: Application<Link>[] = [];
  while (links.length < length) links.unshift(LinkDeployment.bind(links[0]));
  return links;
}

export const app = deployment(Ingress, options).bind(chain(10));
