/** The finished blocks of a run, and the files that keep them. */
import {
  type AuditPart,
  type Diagnosis,
  joinParts,
  type Run,
  type SampleRecord,
} from '@glacis/core';
import type { Block } from '../parallel/block.ts';
import { renderReport } from '../report/report.ts';
import { adversarialBytes, type AdversarialInputs } from './adversarial.ts';
import { withDiscoveries } from './diagnosis.ts';
import { runDocument } from './document.ts';
import { chooseGallery } from './gallery.ts';
import { planePicture } from './plane.ts';
import type { Prepared } from './prepare.ts';
import { traceText } from './traces.ts';
import { adversarialFile, partsFile, reportFile, runFile, type RunFiles } from './store.ts';

/** A whole block without its arrays, which are in adversarial.npz. */
export type SavedPart = Omit<AuditPart, 'adversarial' | 'whole'> & { readonly block: number };

export class Collected {
  private readonly parts = new Map<number, AuditPart>();
  private readonly prepared: Prepared;
  private diagnosis: Diagnosis | null = null;
  private readonly notes: string[] = [];
  private isCut = false;

  constructor(prepared: Prepared) {
    this.prepared = prepared;
  }

  add(block: Block, part: AuditPart): void {
    this.parts.set(block.id, part);
  }

  /** What came out of the diagnosis, once all blocks are done. */
  diagnosed(diagnosis: Diagnosis): void {
    this.diagnosis = diagnosis;
  }

  /** The diagnosis ended before its end. */
  cutShort(): void {
    this.isCut = true;
  }

  note(text: string): void {
    this.notes.push(text);
  }

  private joined(parts: readonly AuditPart[]): AuditPart {
    const part = joinParts(parts);
    const { diagnosis } = this;
    if (!diagnosis) return part;
    const seconds = { ...part.seconds, diagnosis: diagnosis.seconds };
    return {
      ...withDiscoveries(part, diagnosis.discoveries, this.prepared.threat.eps),
      seconds,
    };
  }

  has(block: Block): boolean {
    return this.parts.has(block.id);
  }

  /** Whether every block is there, to its end. */
  get isWhole(): boolean {
    return (
      this.parts.size === this.prepared.blocks.length &&
      [...this.parts.values()].every(({ whole }) => whole)
    );
  }

  /** Inputs finished. */
  get done(): number {
    return [...this.parts.values()].reduce((sum, { samples }) => sum + samples.length, 0);
  }

  /** The run so far; `unbegun` are rows whose block was never begun. */
  run(seconds: number, unbegun: readonly SampleRecord[] = []): Run {
    const ordered = [...this.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const partial = this.isCut || !this.isWhole;
    const part = this.joined(ordered);
    const masking = this.diagnosis?.masking ?? null;
    const facts = { ...this.prepared.facts, notes: [...this.prepared.facts.notes, ...this.notes] };
    return runDocument(facts, { part, masking, unbegun, partial, seconds });
  }

  adversarial(): AdversarialInputs {
    const found = new Map<number, Float32Array>();
    const { samples, adversarial } = this.joined([...this.parts.values()]);
    samples.forEach(({ index }, i) => {
      const x = adversarial[i];
      if (x) found.set(index, x);
    });
    return found;
  }

  /** What `--trace` writes. */
  traces(run: Run): string {
    return traceText(run, joinParts([...this.parts.values()]).traces ?? []);
  }

  /** run.json and adversarial.npz; while unfinished, also what --resume needs. */
  files(run: Run): RunFiles {
    const { sampleShape } = this.prepared.classifier;
    const discoveries = this.diagnosis?.discoveries ?? [];
    const saved = [...this.parts]
      .filter(([, { whole }]) => whole)
      .map(([block, part]): SavedPart => {
        const found = withDiscoveries(part, discoveries, this.prepared.threat.eps);
        const { samples, methods, notes, seconds } = found;
        return { block, samples, methods, notes, seconds };
      });
    return {
      [adversarialFile]: adversarialBytes(run, this.adversarial(), sampleShape),
      ...(run.partial ? { [partsFile]: JSON.stringify(saved) } : {}),
      [runFile]: `${JSON.stringify(run, null, 2)}\n`,
    };
  }

  /** The same with the report. */
  async filesWithReport(run: Run): Promise<RunFiles> {
    const { classifier, inputs } = this.prepared;
    const adversarial = this.adversarial();
    const { classNames, featureNames } = inputs;
    const report = await renderReport({
      run,
      gallery: chooseGallery(run, inputs.x, inputs.indices, adversarial),
      plane: await planePicture(classifier, run, inputs, adversarial),
      ...(classNames ? { classes: classNames } : {}),
      ...(featureNames ? { features: featureNames } : {}),
    });
    return { [reportFile]: report, ...this.files(run) };
  }
}
