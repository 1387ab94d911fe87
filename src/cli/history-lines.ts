// A history as a person reads it: what happened last comes first, and how long ago. Pure.
import type { HistoryEntry } from "../model/history.ts";
import { formatDuration, formatTable } from "./table.ts";

/** One line an entry, newest first. @param nowMs Unix milliseconds @param offsetMinutes of local time before UTC */
export function formatHistory(newestFirst: readonly HistoryEntry[], nowMs: number, offsetMinutes: number): string[] {
  const rows = newestFirst.map(({ timeMs, application, deployment, replicaId, event, reason }) => [
    `${formatDuration(nowMs - timeMs)} ago`,
    formatTime(timeMs, nowMs, offsetMinutes),
    [deployment === "" ? application : `${application}/${deployment}`, replicaId].join(" ").trim(),
    event,
    reason.replaceAll(/\s*\n\s*/g, " | "),
  ]);
  return formatTable(["WHEN", "AT", "WHO", "WHAT", "WHY"], rows);
}

/** `18:04:11.123`, with the date in front when that was not today. */
export function formatTime(timeMs: number, nowMs: number, offsetMinutes: number): string {
  const local = (ms: number): string => new Date(ms - offsetMinutes * 60_000).toISOString();
  const [date = "", time = ""] = local(timeMs).replace("Z", "").split("T");
  return local(nowMs).startsWith(date) ? time : `${date} ${time}`;
}
