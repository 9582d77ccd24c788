/** What the VNN-LIB standard has a solver report of itself: one flag each, without a value. */
import type { Capability } from '@glacis/core';
import { on, type OptionSpec, row } from './spec.ts';

/** Those that the command line answers for, besides the library's. */
export type Reported = Capability | 'serialise-assignments';

const reported = (name: string, meaning: string): OptionSpec<true> =>
  row('Capability', ['supports'], `--${name}`, null, on, meaning);

const meanings: Readonly<Record<Reported, string>> = {
  'onnx-opset-versions': 'the least and the greatest version of the ONNX operators',
  'onnx-element-types': 'element types that queries may declare',
  'onnx-operators':
    'ONNX operators, one on a line; each is supported over all of the element types above',
  'vnnlib-versions': 'the least and the greatest version of VNN-LIB',
  'hidden-node-theories': 'NH: no hidden nodes; H: hidden nodes',
  'multiple-input-output-theories':
    'SIO: one input and one output of each network; MIO: any number',
  'multiple-network-theories':
    'SNET: one network; MENET: copies of one; MINET: networks of the same graph; MNET: any',
  'multiple-node-comparison-theories':
    "SNC: conditions on one of a network's tensors at a time; MNC: on several",
  'arithmetic-complexity-theories':
    'BND: bounds of variables; OUTC: comparisons of outputs; LIN: linear; POLY: polynomial',
  'optimised-disjunctive-reasoning':
    'whether disjunctions are more than multiplied out: true or false',
  'serialise-assignments': 'whether verify has --serialise-assignments: true or false',
};

export const reportedNames = Object.keys(meanings) as Reported[];

/** The standard's own example of this one is spelt so. */
export const MISSPELT = 'multiple-inputs-output-theories';

const entries = reportedNames.map((name) => [name, reported(name, meanings[name])] as const);

export const capabilityOptions = {
  ...(Object.fromEntries(entries) as Record<Reported, OptionSpec<true>>),
  [MISSPELT]: reported(
    MISSPELT,
    "the same as --multiple-input-output-theories, as the standard's example spells it",
  ),
};
