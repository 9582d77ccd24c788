/**
 * The support matrix, derived from the op table and the table of ONNX operators: what can be read,
 * differentiated and bounded. FEATURES.md is this, written out; a test holds the file to it.
 */
import type { OpName } from '../graph/graph.ts';
import type { OpDefinition, OpKind } from '../graph/ops/definition.ts';
import { definitionOf, opNames } from '../graph/ops/table.ts';
import { random } from './operators/random.ts';
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

/**
 * Names of the operators that a proof can be about, sorted: all but the random ones, as long as every
 * operation they are rewritten in can be bounded.
 */
export function provableOperators(): string[] {
  const isBounded = opSupport().every(({ interval }) => interval !== 'none');
  return isBounded ? readableOperators().filter((name) => !(name in random)) : [];
}

const words: Readonly<Record<Support, string>> = {
  rule: 'yes',
  lowered: 'yes, rewritten in other ops',
  none: 'no',
};

const steps = 'zero by definition (a step)';

/** Families of operators that are refused, each with its reason. */
const refused: readonly (readonly [operators: string, reason: string])[] = [
  ['`Loop`, `Scan`, `RNN`, `LSTM`, `GRU`', 'loops are not unrolled'],
  [
    '`If` whose condition depends on the input',
    'which network runs would change inside a set of inputs',
  ],
  ['`Einsum`, `Attention`, `RMSNormalization`, `RotaryEmbedding`', 'not written out yet'],
  ['`Conv`, `ConvTranspose` and pooling over three spatial axes', 'one and two are'],
  ['`QLinearConv`, `QLinearMatMul`, `ConvInteger`, `MatMulInteger`', 'QDQ pairs are read instead'],
  ['`Resize` with cubic interpolation or antialiasing', 'nearest and linear are read'],
  [
    '`Dropout` in training mode inside a function, a branch or a file in float16 or double',
    'export the model for inference',
  ],
  [
    '`SVMClassifier` with probabilities',
    'they are what an iteration (pairwise coupling) has come to when it stops, and no closed function of the input; without them it is inspected, not audited',
  ],
  ['`Tan`, `Atan`, `Asinh`, `Acosh`, `Cosh`, `Sinh`, `Shrink`, `Hardmax`', 'rare; ask for them'],
  ['`DynamicQuantizeLinear`, `MeanVarianceNormalization`', 'not written out yet'],
  ['`GridSample`, `Compress`', 'where elements are taken from would depend on the input'],
  ['`DFT`, `STFT`, `Col2Im`', 'rare; write them as a MatMul with constants, or ask for them'],
  ['`ScatterElements`, `ScatterND` with `mul`, `min`, `max`', 'none and `add` are read'],
  ['Sequences, optionals, texts and complex numbers', 'values are tensors of numbers'],
  [
    'Operators of other domains than `ai.onnx` and `ai.onnx.ml`',
    "their meaning is a runtime's own",
  ],
];

/** How linear bounds are carried through an op. */
function linearSupport(op: OpName, kind: OpKind): string {
  const rules: OpDefinition<OpName> = definitionOf<OpName>(op);
  const exact = kind === 'linear' || kind === 'structural' || kind === 'source';
  const bent = rules.relax ? 'lines' : rules.planes ? 'planes' : undefined;
  if (bent && rules.linearIn) return `exact where it is linear, else ${bent}`;
  if (bent) return bent;
  if (exact && !rules.linearIn) return 'exact';
  const reason = rules.flat ? `its interval: ${rules.flat}` : 'its interval';
  if (exact || rules.linearIn) return `exact where it is linear, else ${reason}`;
  return rules.lower ? 'by what it is rewritten in' : reason;
}

/** FEATURES.md. */
export function featuresDocument(): string {
  const rows = opSupport().map(({ op, kind, gradient, interval }) => {
    const slope = kind === 'step' ? steps : words[gradient];
    const linear = linearSupport(op, kind);
    return `| \`${op}\` | ${kind} | ${slope} | ${words[interval]} | ${linear} | — |`;
  });
  const names = readableOperators().map((name) => `\`${name}\``);
  const reasons = refused.map(([which, reason]) => `| ${which} | ${reason} |`);
  return `# What works

This file is written from the op table by \`npm run features\`; a test holds it to the table.

## Files that are read

- Opsets 7 to 23. Batch 1 files run at any batch; what bakes the batch in is judged row by row,
  and says so; searches and bounds run it in batches all the same. Files
  exported for exactly n samples are audited as models of one, where the samples do not meet.
- float32. float16 files are searched in float32, judged by their own arithmetic and proven over the real
  numbers only. Double files are judged in double precision, and proven where float32 holds their weights.
- Several inputs (one is perturbed, the others are fixed), several outputs (one is judged). Whole numbers
  and truth values can be fixed inputs: token ids are looked up in embeddings, where gradients stop.
- A final softmax, log-softmax, sigmoid, ArgMax or ZipMap is seen, and the logits before it are used; of an
  answer that is a comparison, what it compares.
- Scores that end in steps (one-hot rows of comparisons, a OneHot of an ArgMax, rounded scores) have gradient zero;
  \`--straight-through\` and the diagnosis attack what stands before them, and the file judges.
- Random operators, and \`Dropout\` left in training mode, make a model randomised: it is judged by 100 seeded
  passes and never certified.
- Rounding steps (QDQ) and comparisons inside have gradient zero; \`--straight-through\` lets attacks pass them, but
  not truth values that only switch another value. Proofs are about their
  float32 evaluation; a runtime that fuses them into whole-number kernels may fall one step off at an edge.
- Constant shape arithmetic, \`If\` with a known condition, functions and weights beside the file.

## ONNX operators that are read

${names.join(', ')}

Also left out where they only name classes: \`ai.onnx.ml.ZipMap\`, a final \`ArgMax\`, and what is made of labels.
Trees have gradient zero (they are steps): only attacks that need no gradient move there. Interval bounds
hold for them, and prove where an input's box meets few leaves.

Everything else is refused by name, with the node and what to do:

| what | why |
|---|---|
${reasons.join('\n')}

## Operations of the intermediate representation

A file's operators are lowered into these. \`gradient\` serves attacks and training, \`interval\`
serves bounds. \`linear bounds\` (CROWN) are exact for what is linear, by the adjoint, and carried through
functions of one value by a line below and a line above, through products, quotients, maxima, choices and
normalisations by a plane on either side. What is left at its interval says why. No \`certificate\` is written yet.

| operation | kind | gradient | interval bounds | linear bounds | certificate |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}
