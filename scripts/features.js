// Writes FEATURES.md from the op table: npm run features

import { writeFileSync } from 'node:fs';
import { at } from './project.js';
import { setup } from './setup.js';

await setup();
const { featuresDocument } = await import('@glacis/core');
writeFileSync(at('FEATURES.md'), featuresDocument());
