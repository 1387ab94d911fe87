// Priorities of calls: what the option, the header and the wire may say. Pure.

/** Highest first (Q6). The place of each is what CALL frames carry: none moves. */
export const PRIORITIES = ["high", "normal", "low"] as const;

export type Priority = (typeof PRIORITIES)[number];
