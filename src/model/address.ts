// Where a process can be reached, as data.

/** Where a process listens for framed connections. */
export type Address =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "memory"; readonly name: string };
