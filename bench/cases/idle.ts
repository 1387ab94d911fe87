// T10: clients that hold an open stream and hear nothing: memory of each, over all processes of Manta.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCase } from "../lib/bench.ts";
import type { Server } from "../lib/servers.ts";

const CLIENTS = { full: 10_000, quick: 200 } as const;
/** Connections that are opened at a time. */
const BATCH = 100;
const REST_MS = 3000;

async function listen(url: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  await once(socket, "connect");
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  let text = "";
  while (!text.includes("data: hello")) text += String((await once(socket, "data"))[0]);
  return socket;
}

async function listenAll(url: string, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const size = Math.min(BATCH, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: size }, () => listen(url)))));
  }
  return sockets;
}

async function restingMb(server: Server): Promise<number> {
  await sleep(REST_MS);
  return server.processes().reduce((sum, { residentMb }) => sum + residentMb, 0);
}

export const idle: BenchCase = {
  id: "T10",
  async run({ effort, servers, say }) {
    const count = effort.rounds > 1 ? CLIENTS.full : CLIENTS.quick;
    await using manta = await servers.manta("idle.ts");
    for (const socket of await listenAll(manta.url, BATCH)) socket.destroy(); // loads what the first ones need
    const before = await restingMb(manta);
    const sockets = await listenAll(manta.url, count);
    const after = await restingMb(manta);
    const gone = sockets.filter(({ closed }) => closed).length;
    for (const socket of sockets) socket.destroy();
    if (gone > 0) throw new Error(`idle clients: ${gone} of ${count} lost their stream`);
    const each = ((after - before) * 1000) / count;
    say(`  ${count} clients  ${before.toFixed(0)} -> ${after.toFixed(0)} MB`);
    return [{ row: "idle.client", manta: [each] }];
  },
};
