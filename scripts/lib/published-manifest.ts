type Conditions = Readonly<Record<string, string>>;

/** The parts of package.json that packing looks at. */
export interface Manifest {
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | Conditions>>;
  readonly [field: string]: unknown;
}

const unpublished = new Set(["private", "scripts", "devDependencies", "allowScripts"]);

/** package.json as users get it: without what only this repository needs. */
export function publishedManifest(manifest: Manifest): Manifest {
  const kept = Object.fromEntries(Object.entries(manifest).filter(([field]) => !unpublished.has(field)));
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([name, target]) => {
      if (typeof target === "string") return [name, target];
      const { "@manta-serve/source": _, ...published } = target;
      return [name, published];
    }),
  );
  return { ...kept, files: manifest.files, exports };
}
