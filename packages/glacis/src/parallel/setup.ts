/** What a process must know to audit blocks, as plain data that can be sent to it. */
import {
  audit,
  type Classifier,
  type Criterion,
  type NormName,
  openClassifier,
  type Semantics,
  Threat,
  type ThreatOptions,
} from '@glacis/core';
import { UsageError } from '../errors.ts';
import { type ModelFlags, openModelFile } from '../run/model-file.ts';
import { type Job, planOf } from '../run/plans.ts';
import { openSurrogates, type SurrogateFile } from '../run/surrogate.ts';
import type { Device } from '../runtime/device.ts';
import { openRuntime } from '../runtime/node.ts';
import type { Lane } from './lane.ts';

export interface Setup {
  readonly modelPath: string;
  readonly modelSha256: string;
  /** What the command line says of the model, open sizes found. */
  readonly modelFlags: ModelFlags;
  readonly straightThrough: boolean;
  readonly expectation: number;
  readonly surrogates: readonly SurrogateFile[];
  readonly norm: NormName;
  readonly threat: ThreatOptions;
  readonly criterion: Criterion;
  readonly semantics: Semantics;
  readonly seed: number;
  /** Whether losses are kept, step by step. */
  readonly trace: boolean;
  readonly job: Job;
  readonly device: Device;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
}

/** Opens everything anew, as a child process must. Throws UsageError. */
export async function openLane(setup: Setup, signal?: AbortSignal): Promise<Lane> {
  const file = await openModelFile(setup.modelPath, setup.modelFlags);
  if (file.sha256 !== setup.modelSha256) {
    throw new UsageError(`${setup.modelPath} was changed during the run; run it again.`);
  }
  const { runtime } = await openRuntime({ device: setup.device });
  const { fixed, model } = file;
  const { straightThrough, expectation, criterion } = setup;
  const how = { fixed, straightThrough, expectation, criterion };
  const classifier = await openClassifier(model, runtime, how);
  const surrogates = await openSurrogates(setup.surrogates, runtime, classifier);
  const lane = laneOver({ classifier, surrogates }, setup, signal);
  const close = async (): Promise<void> => {
    await classifier.release();
    for (const surrogate of surrogates) await surrogate.release();
  };
  return { ...lane, close };
}

/** What is attacked, and what lends gradients. */
export interface Models {
  readonly classifier: Classifier;
  readonly surrogates: readonly Classifier[];
}

/** A lane in this process over models that somebody else closes. */
export function laneOver(
  { classifier, surrogates }: Models,
  setup: Setup,
  signal?: AbortSignal,
): Lane {
  const { plan, radii, proofs } = planOf(setup.job, surrogates);
  const threat = new Threat(setup.norm, setup.threat);
  return {
    run: (block, onProgress) =>
      audit({
        model: classifier.model,
        runtime: classifier.programs.runtime,
        classifier,
        data: { x: block.x, y: block.y, indices: block.indices },
        threat,
        plan,
        radii,
        proofs,
        semantics: setup.semantics,
        seed: setup.seed,
        trace: setup.trace,
        effort: block.effort,
        ...(block.before ? { before: block.before } : {}),
        ...(signal ? { signal } : {}),
        ...(setup.deadline === undefined ? {} : { deadline: setup.deadline }),
        onProgress: ({ stage, fraction }) => onProgress({ stage, fraction }),
      }),
    close: () => Promise.resolve(),
  };
}
