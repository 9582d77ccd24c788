/** What commands are given besides their flags, and what they hand back to the entry. */
import type { Terminal } from './terminal.ts';

export interface Surroundings {
  readonly terminal: Terminal;
  /** Of stdout. */
  readonly color: boolean;
  readonly width: number;
}

export interface Outcome {
  /** All that goes to stdout. */
  readonly stdout: string;
  readonly exitCode: number;
}
