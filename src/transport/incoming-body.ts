// One received byte stream as a web `ReadableStream`: pieces wait here until they are read, at most one window of them.
//   R1  Credit goes back when a piece is read, so a reader that stops stops the sender (Q7).
//   R2  A cancelled body swallows what still comes and gives its credit back, so that the sender can end.
import type { CreditKeeper } from "./chunk-stream.ts";

export class IncomingBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** What came behind an HTTP request's body, flat; there when the stream has ended. */
  trailers: readonly string[] = [];
  readonly #credit: Pick<CreditKeeper, "consumed"> | undefined;
  #pieces: Uint8Array[] = [];
  #ended = false;
  #cancelled = false;
  #failure: Error | undefined;
  #first: Uint8Array | undefined;
  #wake: (() => void) | undefined;
  readonly #onCancel: (() => void) | undefined;

  /**
   * @param credit where consumed bytes are told; undefined when the body came whole
   * @param first what came with the call: it owes no credit, and its memory is shared until somebody reads it
   * @param onCancel the reader wants no more
   */
  constructor(credit: Pick<CreditKeeper, "consumed"> | undefined, first?: Uint8Array, onCancel?: () => void) {
    this.#credit = credit;
    this.#first = first === undefined || first.length === 0 ? undefined : first;
    this.#onCancel = onCancel;
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    );
  }

  /** The reader wants no more. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** A piece arrived; it is copied by the caller if its memory is shared. */
  push(bytes: Uint8Array): void {
    if (this.#cancelled) return this.#credit?.consumed(bytes.length);
    this.#pieces.push(bytes);
    this.#wake?.();
  }

  /** @param trailers what came behind it, flat */
  end(trailers: readonly string[] = []): void {
    this.trailers = trailers;
    this.#ended = true;
    this.#wake?.();
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.#failure = error;
    this.#wake?.();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#first !== undefined) {
      controller.enqueue(this.#first.slice());
      this.#first = undefined;
      return;
    }
    while (this.#pieces.length === 0 && !this.#ended && this.#failure === undefined && !this.#cancelled) {
      await new Promise<void>((resolve) => void (this.#wake = resolve));
    }
    this.#wake = undefined;
    if (this.#cancelled) return;
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      controller.enqueue(piece);
      this.#credit?.consumed(piece.length);
    } else if (this.#failure !== undefined) {
      controller.error(this.#failure);
    } else {
      controller.close();
    }
  }

  #cancel(): void {
    this.#cancelled = true;
    for (const piece of this.#pieces.splice(0)) this.#credit?.consumed(piece.length);
    this.#wake?.();
    if (!this.#ended) this.#onCancel?.();
  }
}
