/**
 * What the command line of the VNN-LIB standard (verifier_interface.tex, "The supports Command") asks a solver
 * to report, line by line. Every answer is read off the tables and the code that decide.
 */
import { MAX_SUPPORTED_OPSET, MIN_SUPPORTED_OPSET } from '../onnx/proto.ts';
import { provableOperators } from '../onnx/support.ts';
import { numberTypes } from '../vnnlib/element-types.ts';
import { knownVersions } from '../vnnlib/parse.ts';
import { isDecidedOver, keepsDisjunctions, supportedTheories, type TheorySet } from './theories.ts';

export type Capability =
  | TheorySet
  | 'onnx-opset-versions'
  | 'onnx-element-types'
  | 'onnx-operators'
  | 'vnnlib-versions'
  | 'optimised-disjunctive-reasoning';

const ofSet = (set: TheorySet) => (): string[] => supportedTheories(set);

/** The lines of each answer, in the standard's order. */
export const capabilities: Readonly<Record<Capability, () => readonly string[]>> = {
  'onnx-opset-versions': () => [MIN_SUPPORTED_OPSET, MAX_SUPPORTED_OPSET].map(String),
  'onnx-element-types': () => [...numberTypes].filter(isDecidedOver),
  // Without types of its own an operator is supported over all of the above.
  'onnx-operators': provableOperators,
  'vnnlib-versions': () => knownVersions,
  'hidden-node-theories': ofSet('hidden-node-theories'),
  'multiple-input-output-theories': ofSet('multiple-input-output-theories'),
  'multiple-network-theories': ofSet('multiple-network-theories'),
  'multiple-node-comparison-theories': ofSet('multiple-node-comparison-theories'),
  'arithmetic-complexity-theories': ofSet('arithmetic-complexity-theories'),
  'optimised-disjunctive-reasoning': () => [String(keepsDisjunctions())],
};
