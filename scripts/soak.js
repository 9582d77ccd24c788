// `npm run soak -- NAME [arguments]` runs soak/NAME.ts; without a name it lists them.

import { main } from './project.js';
import { tool } from './tool.js';

await main(() => tool('soak', ['from-source', 'harness', 'onnx-worker', 'verdicts']));
