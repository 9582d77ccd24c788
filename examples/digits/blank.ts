/**
 * Writes .glacis/digits-sorted.onnx: the digit classifier with sorted pairs in the place of ReLUs, untrained,
 * for `glacis harden --method lipschitz`.
 *
 *     npm run setup && node .build/examples/digits/blank.js
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { writeModel } from '@glacis/core';
import { inRepository } from '../place.ts';
import { digitsNetwork, sortedPairs } from './network.ts';

mkdirSync(inRepository('.glacis'), { recursive: true });
const path = inRepository('.glacis/digits-sorted.onnx');
writeFileSync(path, writeModel(digitsNetwork(0, sortedPairs)));
console.log(path);
