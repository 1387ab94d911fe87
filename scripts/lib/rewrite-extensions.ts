/** A declaration file whose relative imports end in `.js` instead of `.ts`. */
export function rewriteExtensions(declarations: string): string {
  return declarations.replaceAll(/(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}\/[^"']+)\.ts\2/g, "$1$2$3.js$2");
}
