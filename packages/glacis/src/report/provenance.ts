/**
 * Where the numbers come from: the exact files, by hash, the threat, the semantics of what is called
 * proven, the seed, the environment, and the command that makes this page again.
 */
import type { PortRecord, Run } from '@glacis/core';
import { type Fact, fileFact, madeFrom } from './facts.ts';
import { html, isolated, type Html } from './html.ts';
import { count, epsilon, normSymbol, plainNumber } from './numbers.ts';

const meaning: Readonly<Record<Run['semantics'], string>> = {
  float32: 'float32: proofs hold for any order in which the file’s float32 arithmetic is evaluated',
  real: 'real: proofs hold for the network over the real numbers, not for its rounded arithmetic',
};

export function provenanceSection(run: Run): Html {
  const { model, data } = run;
  const facts: readonly Fact[] = [
    ['Model', fileFact(model.path, model.sha256)],
    ['Inputs', model.inputs.map(port)],
    ['Outputs', model.outputs.map(port)],
    ['Parameters', count(model.parameters)],
    ['Data', fileFact(data.path, data.sha256)],
    ['Samples', count(data.samples)],
    ['Threat', threat(run)],
    ['Semantics', meaning[run.semantics]],
    ['Seed', String(run.seed)],
    ['Glacis', run.glacis],
    ...Object.entries(run.environment),
  ];
  return madeFrom(
    'The same files, seed and command give the same numbers again, up to rounding.',
    run.command,
    facts,
  );
}

function port({ name, type, shape }: PortRecord): Html {
  return html`<div>${isolated(name)} <span class="mono">${type} [${shape.join(', ')}]</span></div>`;
}

function threat({ threat: { norm, eps, clip, weights, frozen, eightBit } }: Run): string {
  const size = epsilon(eps);
  const exact = size.includes('/') ? ` (${plainNumber(eps)})` : '';
  const parts = [`${normSymbol(norm)} ball of ε = ${size}${exact}`];
  parts.push(
    clip === null
      ? 'inputs unbounded'
      : `inputs kept within [${plainNumber(clip[0])}, ${plainNumber(clip[1])}]`,
  );
  if (eightBit) parts.push('stored in eight bits');
  if (weights !== null) parts.push(`features weighted (${count(weights.length)} weights)`);
  if (frozen !== null && frozen.length > 0)
    parts.push(`${count(frozen.length)} features immutable`);
  return parts.join(', ');
}
