/** Exit codes of every command (api.md section 2). */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
