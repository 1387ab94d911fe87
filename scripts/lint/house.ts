// Lint rules that are ours alone, as a plugin of oxlint. Each has a planted violation in tests/house/lint.test.ts.
//   no-export-all      `export *` hides what a module offers.
//   no-enum            an enum is not erasable; use a union of strings.
//   no-new-date        `new Date()` without argument reads the clock; take a `Clock`.
//   only-serve-error   what leaves our code is a `ServeError`, so that a caller can match its `code`.
//   no-sleep           a test that waits for time is slow or flaky; wait for a condition.

/** As much of an ESTree node as these rules look at. */
interface Node {
  readonly type: string;
  readonly parent?: Node | null;
  readonly name?: string;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly argument?: Node | null;
  readonly arguments?: readonly Node[];
  readonly body?: Node | readonly Node[];
}

interface Context {
  report(diagnostic: { node: Node; message: string }): void;
}

type Visitor = Readonly<Record<string, (node: Node) => void>>;

/** A rule that reports the nodes of the given types for which `isWrong` holds. */
function rule(message: string, types: readonly string[], isWrong: (node: Node) => boolean) {
  return {
    create(context: Context): Visitor {
      const visit = (node: Node): void => {
        if (isWrong(node)) context.report({ node, message });
      };
      return Object.fromEntries(types.map((type) => [type, visit]));
    },
  };
}

const builtInErrors = new Set([
  "Error",
  "TypeError",
  "RangeError",
  "SyntaxError",
  "EvalError",
  "URIError",
  "AggregateError",
]);

function isBuiltInError(node: Node | null | undefined): boolean {
  const makes = node?.type === "NewExpression" || node?.type === "CallExpression";
  return makes && builtInErrors.has(node.callee?.name ?? "");
}

function isReject(node: Node): boolean {
  const called = node.callee?.type === "MemberExpression" ? node.callee.property?.name : node.callee?.name;
  return called === "reject";
}

/** `setTimeout(resolve, ...)` directly inside `new Promise(...)`, and `setTimeout` of node:timers/promises. */
function isSleep(node: Node): boolean {
  if (node.callee?.name !== "setTimeout") return false;
  if (node.parent?.type === "AwaitExpression") return true;
  const first = node.arguments?.[0];
  for (let outer = node.parent; outer != null; outer = outer.parent) {
    if (outer.type === "NewExpression") return outer.callee?.name === "Promise" && first?.type === "Identifier";
    if (outer.type === "FunctionDeclaration") return false;
  }
  return false;
}

const plugin = {
  meta: { name: "house" },
  rules: {
    "no-export-all": rule(
      "Name each export: `export *` hides what a module offers.",
      ["ExportAllDeclaration"],
      () => true,
    ),
    "no-enum": rule("Use a union of strings: an enum is not erasable.", ["TSEnumDeclaration"], () => true),
    "no-new-date": rule(
      "`new Date()` reads the clock: take a `Clock` and pass its `now()`.",
      ["NewExpression"],
      (node) => node.callee?.name === "Date" && node.arguments?.length === 0,
    ),
    "only-serve-error": rule(
      "Raise a `ServeError` (src/core/errors.ts), so that callers can match its code; `assert` is for programmer errors.",
      ["ThrowStatement", "CallExpression"],
      (node) =>
        node.type === "ThrowStatement"
          ? isBuiltInError(node.argument)
          : isReject(node) && isBuiltInError(node.arguments?.[0]),
    ),
    "no-sleep": rule(
      "Wait for a condition (`waitUntil` of the harness) or move a manual clock.",
      ["CallExpression"],
      isSleep,
    ),
  },
};

// oxlint loads a plugin by its default export.
export default plugin;
