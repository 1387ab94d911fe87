// The bare `node:http` server that every ratio is against: the work of the applications in this folder, in one process,
// without anything else. Plain JavaScript, because type stripping would cost it memory and start time.
//   node bare.mjs             prints its URL as one line of JSON; ends with its stdin
import { once } from "node:events";
import { createServer } from "node:http";

const CHUNKS = 1000;

function hello(_request, response) {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("Hello, world!\n");
}

async function readBody(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}

async function echoBytes(request, response) {
  const body = await readBody(request);
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length }).end(body);
}

async function echoJson(request, response) {
  const value = JSON.parse((await readBody(request)).toString());
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
}

async function* tokens() {
  for (let n = 0; n < CHUNKS; n += 1) yield `token ${n}\n`;
}

async function stream(_request, response) {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
  for await (const token of tokens()) {
    if (!response.write(token)) await once(response, "drain");
  }
  response.end();
}

const routes = { "/": hello, "/bytes": echoBytes, "/json": echoJson, "/stream": stream };

const server = createServer((request, response) => {
  const answer = routes[request.url];
  if (answer === undefined) response.writeHead(404).end();
  else answer(request, response);
});

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/` }));
});
process.stdin.on("end", () => process.exit()).resume();
