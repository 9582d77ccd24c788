/**
 * The support matrix, derived from the op table and the table of ONNX operators: what can be read,
 * differentiated and bounded. FEATURES.md is this, written out; a test holds the file to it.
 */
import type { OpName } from '../graph/graph.ts';
import type { OpDefinition, OpKind } from '../graph/ops/definition.ts';
import { definitionOf, opNames } from '../graph/ops/table.ts';
import { operators } from './operators/table.ts';

/** How an op serves a transform: by a rule, by being rewritten in other ops, or not at all. */
export type Support = 'rule' | 'lowered' | 'none';

export interface OpSupport {
  readonly op: OpName;
  readonly kind: OpKind;
  readonly gradient: Support;
  readonly interval: Support;
}

function supportOf<K extends OpName>(
  definition: OpDefinition<K>,
  rule: 'gradient' | 'range',
): Support {
  if (definition.kind === 'source' || definition[rule]) return 'rule';
  return definition.lower ? 'lowered' : 'none';
}

export function opSupport(): OpSupport[] {
  return opNames.map((op) => {
    const definition = definitionOf(op);
    return {
      op,
      kind: definition.kind,
      gradient: supportOf(definition, 'gradient'),
      interval: supportOf(definition, 'range'),
    };
  });
}

/** Names of the ONNX operators that can be read, sorted. */
export function readableOperators(): string[] {
  return [...operators.keys()].sort();
}

const words: Readonly<Record<Support, string>> = {
  rule: 'yes',
  lowered: 'yes, rewritten in other ops',
  none: 'no',
};

const steps = 'zero by definition (a step)';

/** FEATURES.md. */
export function featuresDocument(): string {
  const rows = opSupport().map(({ op, kind, gradient, interval }) => {
    const slope = kind === 'step' ? steps : words[gradient];
    return `| \`${op}\` | ${kind} | ${slope} | ${words[interval]} |`;
  });
  const names = readableOperators().map((name) => `\`${name}\``);
  return `# What works

This file is written from the op table by \`npm run features\`; a test holds it to the table.

## ONNX operators that are read

Opsets 7 to 23, float32; float16 files are searched in float32, judged by their own arithmetic and
proven over the real numbers only. Everything else is refused by name, with the node and what to do.

${names.join(', ')}

## Operations of the intermediate representation

A file's operators are lowered into these. \`gradient\` serves attacks and training, \`interval\`
serves certificates.

| operation | kind | gradient | interval bounds |
|---|---|---|---|
${rows.join('\n')}
`;
}
