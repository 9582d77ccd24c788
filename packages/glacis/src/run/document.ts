/** The run document (schema glacis/run/1) from the finished parts of an audit. */
import {
  type AuditPart,
  type Criterion,
  type CriterionRecord,
  countVerdicts,
  curveAt,
  curveRadii,
  type MaskingRecord,
  type MethodRecord,
  type Run,
  type SampleRecord,
  type Semantics,
  summarise,
  type Threat,
} from '@glacis/core';
import { version } from '../version.ts';
import type { Inputs } from './inputs.ts';
import type { ModelFile } from './model-file.ts';

export interface RunFacts {
  readonly command: readonly string[];
  readonly modelFile: ModelFile;
  readonly inputs: Inputs;
  readonly threat: Threat;
  /** The radii asked for; with a single one the curve chooses its own. */
  readonly radii: readonly number[];
  readonly criterion: Criterion;
  readonly semantics: Semantics;
  readonly seed: number;
  readonly notes: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Finished {
  readonly part: AuditPart;
  readonly masking: MaskingRecord | null;
  /** Rows that no stage was begun for. */
  readonly unbegun: readonly SampleRecord[];
  readonly partial: boolean;
  readonly seconds: number;
}

export function runDocument(facts: RunFacts, finished: Finished): Run {
  const { threat, modelFile, inputs } = facts;
  const { part, masking, unbegun, partial } = finished;
  const samples = [...part.samples, ...unbegun].sort((a, b) => a.index - b.index);
  const { eps } = threat;
  const radii = facts.radii.length > 1 ? facts.radii : curveRadii(samples, eps);
  return {
    schema: 'glacis/run/1',
    glacis: version,
    seed: facts.seed,
    command: facts.command,
    model: {
      path: modelFile.path,
      sha256: modelFile.sha256,
      inputs: modelFile.model.inputs,
      outputs: modelFile.model.outputs,
      parameters: modelFile.parameters,
    },
    data: { path: inputs.path, sha256: inputs.sha256, samples: inputs.indices.length },
    threat: threatRecord(threat),
    criterion: criterionRecord(facts.criterion),
    semantics: facts.semantics,
    ...summarise(samples, eps),
    verdicts: countVerdicts(samples),
    curve: curveAt(samples, radii, eps),
    samples,
    masking,
    methods: part.methods.map((method) => exactAccuracy(method, part.samples.length)),
    notes: [...new Set([...facts.notes, ...part.notes])],
    partial,
    environment: facts.environment,
    seconds: { ...part.seconds, total: finished.seconds },
  };
}

/** Of a target for each input the samples say which. */
function criterionRecord(criterion: Criterion): CriterionRecord {
  if (criterion.kind !== 'target') return criterion;
  const { kind, class: wanted } = criterion;
  return { kind, class: typeof wanted === 'number' ? wanted : null };
}

function threatRecord({ norm, eps, clip, weights, frozen, grid }: Threat): Run['threat'] {
  const eightBit = grid !== null;
  return { norm: norm.name, eps, clip, weights: weights && [...weights], frozen, eightBit };
}

/** Joining parts sums shares, whose rounding depends on the order; a count does not. */
function exactAccuracy(method: MethodRecord, samples: number): MethodRecord {
  if (method.accuracy === null || samples === 0) return method;
  return { ...method, accuracy: Math.round(method.accuracy * samples) / samples };
}
