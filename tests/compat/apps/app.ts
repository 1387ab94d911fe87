// What Ray's command deploys here: two deployments, one whose replicas cannot start, and a builder.
import { deployment, type Handle } from "manta-serve";

class Model {
  pid(): number {
    return process.pid;
  }
}

class Ingress {
  readonly #model: Handle<Model>;

  constructor(model: Handle<Model>) {
    this.#model = model;
  }

  async fetch(): Promise<unknown> {
    return { model: await this.#model.pid() };
  }
}

class Greeter {
  readonly #word: string;

  constructor(word: string) {
    this.#word = word;
  }

  fetch(): string {
    return this.#word;
  }
}

class Broken {
  constructor() {
    throw new Error("no weights here");
  }

  fetch(): string {
    return "never";
  }
}

export const app = deployment(Ingress).bind(deployment(Model).bind());
export const broken = deployment(Broken, { maxConstructorRetryCount: 1 }).bind();

const GreeterDeployment = deployment(Greeter);

export const greet = ({ word = "nothing" }: { word?: string }) => GreeterDeployment.bind(word);
