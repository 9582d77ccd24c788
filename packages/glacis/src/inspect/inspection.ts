/** What an inspection says, as `--json` prints it. */
import type { FileOutline } from '@glacis/core';
import type { CheckResult } from './check.ts';
import type { describeEmitted } from './emit.ts';
import type { LipschitzRecord } from './lipschitz.ts';

export interface Inspection {
  readonly model: {
    readonly path: string;
    readonly sha256: string;
    readonly opset: number;
    readonly producer: string;
    readonly inputs: FileOutline['inputs'];
    readonly outputs: FileOutline['outputs'];
    readonly parameters: number;
    /** Whether any number of rows can be run at once; null where the file cannot be read. */
    readonly batched: boolean | null;
    /** Whether the file takes one row at a time, and only what is derived from it many. */
    readonly lifted: boolean | null;
  };
  readonly layers: FileOutline['layers'];
  /** How often each operator occurs. */
  readonly ops: Readonly<Record<string, number>>;
  readonly unsupported: readonly {
    readonly op: string;
    readonly node: string;
    readonly advice: string;
  }[];
  /** Why the file cannot be read, where it cannot. */
  readonly problem: string | null;
  readonly check: CheckResult | null;
  /** Lipschitz constants of the scores; null where a norm has none that is known. */
  readonly lipschitz: LipschitzRecord | null;
  readonly emitted: ({ readonly path: string } & ReturnType<typeof describeEmitted>) | null;
}
