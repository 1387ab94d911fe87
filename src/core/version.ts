// The package's version as a constant, so that no program reads package.json at start. A test compares the two.

/** Version of this package. */
export const VERSION = "0.1.0";
