/** What commands are given besides their flags, and what they hand back to the entry. */
import type { Interruption } from './interrupt.ts';
import type { Terminal } from './terminal.ts';

export interface Surroundings {
  readonly terminal: Terminal;
  readonly interruption: Interruption;
  /** Of stdout. */
  readonly color: boolean;
  readonly width: number;
}

export interface Outcome {
  /** All that goes to stdout. */
  readonly stdout: string;
  readonly exitCode: number;
}
