// The smallest application: one class with `fetch`, served over HTTP. What `fetch` returns becomes the response;
// a string is sent as text. Manta runs the class in a process of its own, behind a proxy.
//
//   npx manta-serve run examples/01-hello/app.ts
//   curl 'http://127.0.0.1:8000/?name=Ada'                # Hello, Ada!
import { deployment, serve } from "manta-serve";

class Hello {
  fetch(request: Request) {
    const name = new URL(request.url).searchParams.get("name") ?? "world";
    return `Hello, ${name}!\n`;
  }
}

export const app = deployment(Hello).bind();

if (import.meta.main) await serve.run(app);
