// For commands that need an instance: connects to it, says so where none runs, and lets go of it in the end.
import { findHead, type HeadClient } from "./head-client.ts";
import { noInstance } from "./no-instance.ts";

/** What `act` comes to; undefined: no instance runs in the namespace, which standard error says. */
export async function withHead<T>(namespace: string, act: (head: HeadClient) => Promise<T>): Promise<T | undefined> {
  const head = await findHead(namespace);
  if (head === undefined) {
    console.error(noInstance(namespace));
    return undefined;
  }
  try {
    return await act(head);
  } finally {
    head.close();
  }
}
