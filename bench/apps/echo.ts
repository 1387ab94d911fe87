// T3: the ingress reads the body, another deployment gives it back, the ingress answers with it.
import { deployment, type Handle } from "manta-serve";

class Echo {
  bytes(body: Uint8Array) {
    return body;
  }

  json(value: unknown) {
    return value;
  }
}

class Ingress {
  readonly #echo: Handle<Echo>;

  constructor(echo: Handle<Echo>) {
    this.#echo = echo;
  }

  async fetch(request: Request) {
    if (request.url.endsWith("/bytes")) return this.#echo.bytes(new Uint8Array(await request.arrayBuffer()));
    return this.#echo.json(await request.json());
  }
}

const options = { maxOngoingRequests: 200 };

export const app = deployment(Ingress, options).bind(deployment(Echo, options).bind());
