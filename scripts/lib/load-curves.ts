// Loads over time that simulations feed: requests per second as a function of the second.

export interface LoadCurve {
  readonly name: string;
  readonly text: string;
  /** Requests per second at a moment, seconds from the start. */
  at(second: number): number;
}

const MINUTE = 60;

/** How long a simulation lasts, seconds. */
export const DURATION_S = 20 * MINUTE;

export const loadCurves: readonly LoadCurve[] = [
  {
    name: "step",
    text: "4 requests a second, 24 from minute 3 to minute 12",
    at: (second) => (second >= 3 * MINUTE && second < 12 * MINUTE ? 24 : 4),
  },
  {
    name: "ramp",
    text: "from 2 to 30 requests a second in ten minutes, and back in five",
    at: (second) => Math.max(2, second < 10 * MINUTE ? 2 + (28 * second) / 600 : 30 - (28 * (second - 600)) / 300),
  },
  {
    name: "sine",
    text: "between 2 and 26 requests a second, ten minutes a wave",
    at: (second) => 14 - 12 * Math.cos((2 * Math.PI * second) / 600),
  },
  {
    name: "spike",
    text: "4 requests a second, 60 for twenty seconds in minute 5",
    at: (second) => (second >= 5 * MINUTE && second < 5 * MINUTE + 20 ? 60 : 4),
  },
];
