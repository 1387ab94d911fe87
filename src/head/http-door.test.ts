import { describe, expect, it } from "vitest";
import { ServeError } from "../core/errors.ts";
import { HttpDoor } from "./http-door.ts";

const taken = new ServeError("ENGINE", "port 8000 on 127.0.0.1 is taken");

describe("HttpDoor", () => {
  it("lets those who wait go on when a proxy listens", async () => {
    const door = new HttpDoor(true);
    const waiting = door.whenOpen();
    door.opened();
    await waiting;
    await door.whenOpen();
  });

  it("tells those who wait, and who come later, why no proxy can listen and how to change it", async () => {
    const door = new HttpDoor(true);
    const waiting = door.whenOpen();
    door.failed(taken);
    await expect(waiting).rejects.toThrow("port 8000 on 127.0.0.1 is taken; choose another port by --http-port");
    await expect(door.whenOpen()).rejects.toMatchObject({ code: "ENGINE" });
    door.opened();
    await door.whenOpen();
  });

  it("keeps nobody waiting where there are no proxies", async () => {
    await new HttpDoor(false).whenOpen();
  });
});
