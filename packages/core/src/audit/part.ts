/** What an audit found for some of its inputs, and how parts become one. */
import type { MethodRecord, SampleRecord } from './run.ts';

/** The margins that one run of an attack saw of an input, step by step. */
export interface SampleTrace {
  readonly index: number;
  readonly method: string;
  /** The most that it might use: of searches for the nearest break, the distance known before. */
  readonly radius: number;
  readonly margins: Float32Array;
}

/** The result for some of the inputs; parts of one audit can be joined (joinParts). */
export interface AuditPart {
  readonly samples: readonly SampleRecord[];
  /** False where the run was stopped before all that was asked for had been done. */
  readonly whole: boolean;
  /** The nearest adversarial input found for each sample, or null. */
  readonly adversarial: readonly (Float32Array | null)[];
  readonly methods: readonly MethodRecord[];
  readonly notes: readonly string[];
  /** In the order of the runs, where they were asked for. */
  readonly traces?: readonly SampleTrace[];
  readonly seconds: Readonly<Record<string, number>>;
}

/** Parts of one audit as one, samples ordered by index. */
export function joinParts(parts: readonly AuditPart[]): AuditPart {
  const rows = parts.flatMap((part) =>
    part.samples.map((sample, i) => ({ sample, adversarial: part.adversarial[i] ?? null })),
  );
  rows.sort((a, b) => a.sample.index - b.sample.index);
  const traces = parts.flatMap((part) => part.traces ?? []);
  const seconds: Record<string, number> = {};
  for (const part of parts) {
    for (const [stage, value] of Object.entries(part.seconds)) {
      seconds[stage] = (seconds[stage] ?? 0) + value;
    }
  }
  return {
    samples: rows.map(({ sample }) => sample),
    whole: parts.every(({ whole }) => whole),
    adversarial: rows.map(({ adversarial }) => adversarial),
    methods: joinMethods(parts),
    notes: [...new Set(parts.flatMap(({ notes }) => notes))],
    ...(traces.length > 0 ? { traces: traces.sort((a, b) => a.index - b.index) } : {}),
    seconds,
  };
}

/** A part that goes on where `before` was open, with what both did. */
export function goneOn(before: AuditPart, after: AuditPart): AuditPart {
  const joined = joinParts([{ ...before, samples: [], adversarial: [] }, after]);
  const asked = new Map(before.methods.map((method) => [method.id, method]));
  const methods = joined.methods.map((method) => {
    const known = asked.get(method.id);
    // The inputs that it was asked about again are among those of before.
    return known ? { ...method, asked: known.asked, accuracy: known.accuracy } : method;
  });
  return { ...joined, whole: after.whole, methods };
}

function joinMethods(parts: readonly AuditPart[]): MethodRecord[] {
  const total = parts.reduce((sum, { samples }) => sum + samples.length, 0);
  const joined = new Map<string, MethodRecord>();
  for (const { methods, samples } of parts) {
    for (const method of methods) {
      const share = samples.length / Math.max(1, total);
      const accuracy = method.accuracy === null ? null : method.accuracy * share;
      const other = joined.get(method.id);
      joined.set(method.id, {
        ...method,
        asked: method.asked + (other?.asked ?? 0),
        decided: method.decided + (other?.decided ?? 0),
        forwards: method.forwards + (other?.forwards ?? 0),
        gradients: method.gradients + (other?.gradients ?? 0),
        seconds: method.seconds + (other?.seconds ?? 0),
        accuracy: accuracy === null ? null : accuracy + (other?.accuracy ?? 0),
      });
    }
  }
  return [...joined.values()];
}
